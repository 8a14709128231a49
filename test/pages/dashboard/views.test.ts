import { describe, expect, it } from "vitest";
import { Done } from "../../../src/pages/dashboard/done.tsx";
import { ByTier } from "../../../src/pages/dashboard/usage-views.tsx";
import { NewWebhookForm } from "../../../src/pages/dashboard/webhook-views.tsx";
import { Destroy } from "../../../src/pages/session/form.tsx";
import { markup } from "../../support/markup.ts";

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
