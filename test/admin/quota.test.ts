import { describe, expect, it } from "vitest";
import { Unavailable } from "../../src/core/control-ports.ts";
import type { Booked, Counters } from "../../src/core/ledger.ts";
import type { BucketLevel } from "../../src/core/ports.ts";
import { controlPlane, TENANT } from "../support/control-plane.ts";

const NOON = Date.parse("2026-01-31T12:00:00Z");
const tenant = { id: TENANT, plan: "free", daily_quota: 5_000, monthly_quota: 10_000 };
const booked: Booked = { tenantId: TENANT, status: "active", day: "2026-01-31", spent: { daily: 40, monthly: 400 } };

type Given = {
  readonly read?: Counters["read"];
  readonly books?: () => Promise<Booked>;
  readonly level?: BucketLevel | undefined;
};

/** Asks at noon of 31 January 2026 by the isolate's clock. */
function quota({ read = async () => undefined, books = async () => booked, level }: Given) {
  const ask = controlPlane({
    tenants: {
      find: async () => tenant,
      plans: async () => [
        { name: "pro", burst_capacity: 1, burst_refill_per_second: 1 },
        { name: "free", burst_capacity: 600, burst_refill_per_second: 10 },
      ],
    },
    limiter: { take: async () => ({ kind: "unavailable" }), peek: async () => level },
    counters: { read },
    spendingBooks: { of: books },
  });
  return ask("GET", "/v1/quota", { tenant: TENANT });
}

const windows = (daily: number, monthly: number) => [
  { policy: "daily", limit: 5_000, used: daily, remaining: 5_000 - daily, resets_at: "2026-02-01T00:00:00.000Z" },
  {
    policy: "monthly",
    limit: 10_000,
    used: monthly,
    remaining: 10_000 - monthly,
    resets_at: "2026-02-01T00:00:00.000Z",
  },
];

describe("what is left", () => {
  it("is what the ledger counts, by the ledger's clock, and the tokens of the tenant's bucket", async () => {
    const { status, body } = await quota({
      read: async () => ({ spent: { daily: 5, monthly: 50 }, nowMs: Date.parse("2026-01-30T23:59:59Z") }),
      level: { tokens: 100, atMs: NOON },
    });
    expect(status).toBe(200);
    const [daily, monthly] = windows(5, 50);
    expect(body).toEqual({
      source: "ledger",
      data: [
        { policy: "burst", limit: 600, used: 500, remaining: 100, resets_at: "2026-01-31T12:00:01.000Z" },
        { ...daily, resets_at: "2026-01-31T00:00:00.000Z" },
        monthly,
      ],
    });
  });

  it.each([
    { when: "its counters are missing, which is not zero", read: async () => undefined },
    { when: "Redis does not answer", read: () => Promise.reject(new Unavailable("down")) },
  ])("is what the books say when $when, without a figure of the bucket that nobody knows", async ({ read }) => {
    expect((await quota({ read })).body).toEqual({ source: "books", data: windows(40, 400) });
  });

  it("is not known when neither answers, and a bug is not taken for an outage", async () => {
    const down = () => Promise.reject(new Unavailable("down"));
    expect((await quota({ read: down, books: down })).status).toBe(503);
    expect((await quota({ read: () => Promise.reject(new Error("bug")) })).status).toBe(500);
  });
});
