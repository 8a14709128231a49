import { describe, expect, it } from "vitest";
import type { BookedUsage, UsageAsked } from "../../src/core/usage-figures.ts";
import { controlPlane, TENANT } from "../support/control-plane.ts";

const rows: BookedUsage["rows"] = [
  {
    group: "2026-01-02",
    calls: 3,
    credits_charged: 2,
    credits_on_own_key: 0,
    credits_in_doubt: 1,
    hits: 1,
    credits_saved: 1,
    hits_by_tier: { memory: 0, colo: 0, redis: 0, joined: 1, stale: 0 },
  },
];

/** Asks on 31 January 2026; tells what was asked of the books. */
async function usage(query: string) {
  const asked: UsageAsked[] = [];
  const books = async (_tenantId: string, span: UsageAsked) => {
    asked.push(span);
    return { rows, centsPerThousand: 50 };
  };
  const ask = controlPlane({ statements: { usage: books } });
  return { asked, ...(await ask("GET", `/v1/usage${query}`, { tenant: TENANT })) };
}

it("is of this month by day when nothing is said", async () => {
  const { status, asked, body } = await usage("");
  expect(status).toBe(200);
  expect(asked).toEqual([{ from: "2026-01-01", to: "2026-01-31", group: "day" }]);
  expect(body["data"]).toHaveLength(31);
  expect(body["total"]).toEqual({
    calls: 3,
    credits_charged: 2,
    credits_on_own_key: 0,
    credits_in_doubt: 1,
    hits: 1,
    credits_saved: 1,
    hit_ratio: 0.25,
    hits_by_tier: { memory: 0, colo: 0, redis: 0, joined: 1, stale: 0 },
    amount_cents: 0.1,
  });
});

it.each([
  {
    query: "?from=2025-02-01&to=2026-02-01",
    span: { from: "2025-02-01", to: "2026-02-01" },
    because: "a leap day fits",
  },
  { query: "?to=2025-12-24", span: { from: "2025-12-01", to: "2025-12-24" }, because: "it begins with that month" },
  { query: "?from=2025-12-24", span: { from: "2025-12-24", to: "2026-01-31" }, because: "it ends today" },
])("$query is $span: $because", async ({ query, span }) => {
  expect((await usage(query)).asked).toEqual([{ ...span, group: "day" }]);
});

describe("refuses by name, before the books are asked,", () => {
  it.each([
    { query: "?from=2026-02-30", name: "from", reason: "is not a day such as 2026-11-30" },
    { query: "?to=30.11.2026", name: "to", reason: "is not a day such as 2026-11-30" },
    { query: "?from=2026-01-02&to=2026-01-01", name: "from", reason: "is after 2026-01-01" },
    { query: "?from=2025-01-01&to=2026-01-02", name: "from", reason: "is more than 366 days before 2026-01-02" },
    { query: "?from=2026-01-01&from=2026-01-02", name: "from", reason: "is not string" },
    { query: "?group=week", name: "group", reason: 'is not ("day" | "endpoint" | "key")' },
    { query: "?tenant=other", name: "tenant", reason: "is not known" },
  ])("$query", async ({ query, name, reason }) => {
    const { status, body, asked } = await usage(query);
    expect([status, body["invalid_parameters"]]).toEqual([400, [{ name, reason }]]);
    expect(asked).toEqual([]);
  });
});
