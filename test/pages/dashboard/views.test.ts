import { describe, expect, it } from "vitest";
import type { KeyView } from "../../../src/core/resources.ts";
import type { QuotaView } from "../../../src/core/statement-resources.ts";
import { Done } from "../../../src/pages/dashboard/done.tsx";
import { KeyTable } from "../../../src/pages/dashboard/key-views.tsx";
import { Quotas } from "../../../src/pages/dashboard/quotas.tsx";
import { ByTier } from "../../../src/pages/dashboard/usage-views.tsx";
import { NewWebhookForm } from "../../../src/pages/dashboard/webhook-views.tsx";
import { Destroy } from "../../../src/pages/session/form.tsx";
import { markup } from "../../support/markup.ts";

const NOON = Date.parse("2026-11-22T12:00:00Z");
const by = { csrf: "csrf", once: "once" };

describe("what a form did", () => {
  const words = { revoked: "The key is revoked." };

  it("is said in our words", () => {
    expect(markup(Done, { done: "revoked", words })).toContain("<p>The key is revoked.</p>");
  });

  it.each([undefined, "", "deleted", "constructor", "__proto__"])(
    "is not said when a link names what no form does: %s",
    (done) => {
      expect(markup(Done, { done, words })).toBe("");
    },
  );
});

it("what cannot be taken back is asked first: its button is behind one that only opens", () => {
  const html = markup(Destroy, { ask: "Gone for <ever>?", button: "Erase", action: "/erase", by });
  expect(html).toMatch(/^<details class="destroy"><summary>Erase<\/summary><form method="post" action="\/erase">/);
  expect(html).toContain("<p>Gone for &lt;ever&gt;?</p>");
});

it.each([
  { expires_at: "2026-11-22T12:00:00.001Z", state: "ends", because: "a millisecond is left" },
  { expires_at: "2026-11-22T12:00:00.000Z", state: "ended", because: "its end is exclusive" },
  { expires_at: null, state: "works", because: "it has no end" },
])("a key that ends at $expires_at is shown as $state at noon: $because", ({ expires_at, state }) => {
  const made = { id: "aaaaaaaaaaaa", name: "Server", last4: "abcd", created_at: "2026-11-01T00:00:00.000Z" };
  const bounds = { endpoints: null, origins: [], daily_requests: null, revoked_at: null, last_used_on: null };
  const key: KeyView = { ...made, ...bounds, kind: "secret", permissions: ["data"], expires_at };
  expect(markup(KeyTable, { keys: [key], nowMs: NOON })).toContain(`>${state}</span>`);
});

it("a month's quota is projected from the month's first day, a day's from its midnight", () => {
  const window = { limit: 1_000, used: 500, remaining: 500 };
  const quota: QuotaView = {
    source: "ledger",
    data: [
      { ...window, policy: "daily", resets_at: "2026-11-23T00:00:00.000Z" },
      { ...window, policy: "monthly", used: 900, remaining: 100, resets_at: "2026-12-01T00:00:00.000Z" },
    ],
  };
  const html = markup(Quotas, { quota, nowMs: NOON });
  // Half in twelve hours leaves twelve more, and nine tenths in 21.5 days leave 57 hours and 20 minutes.
  expect(html).toMatch(/>lasts<.*>runs out 2026-11-24 21:20 UTC</);
});

it("a tenant's webhook is offered the tenant's events, and none of the platform's", () => {
  const html = markup(NewWebhookForm, { by, given: new URLSearchParams() });
  const offered = Array.from(html.matchAll(/name="events" value="([^"]+)"/g), ([, event]) => event);
  expect(new Set(offered)).toEqual(new Set(["quota.threshold", "upstream_key.invalid"]));
});

it("answers are counted by where they came from, each under its own name, and as a part of all", () => {
  const figures = { hit_ratio: 0.75, credits_charged: 25, credits_on_own_key: 0, credits_in_doubt: 0 };
  const tiers = { memory: 40, colo: 20, redis: 10, joined: 4, stale: 1 };
  const total = { ...figures, calls: 25, hits: 75, credits_saved: 75, amount_cents: 0, hits_by_tier: tiers };
  const usage = { from: "2026-11-01", to: "2026-11-22", group: "day", data: [], total } as const;
  const text = markup(ByTier, { usage: { ...usage, data: [] } })
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ");
  expect(text).toContain("Memory of an isolate 40 40% Cache of the data centre 20 20% Redis 10 10%");
  expect(text).toContain("Joined another request 4 4% Past its time 1 1% The upstream 25 25%");
});
