import { expect, it } from "vitest";
import type { Act } from "../../src/core/act.ts";
import type { ControlMessage } from "../../src/core/control-ports.ts";
import type { Booked, Counters, Drift } from "../../src/core/ledger.ts";
import { reconcile } from "../../src/cron/reconcile.ts";

const RECONCILE_MS = 300_000;
const PLATFORM = "00000000-0000-0000-0000-000000000000";

const booked = (tenantId: string): Booked => ({
  tenantId,
  status: "active",
  day: "2026-11-20",
  spent: { daily: 3, monthly: 30 },
});
const driftOf = (tenantId: string): Drift => ({ tenantId, window: "monthly", counted: 20, booked: 30 });

/** A run over doubles: books with so many tenants, and counters that say less for those of `drifting`. */
async function run({
  tenants,
  drifting = [],
  raise,
  note,
}: {
  readonly tenants: number;
  readonly drifting?: readonly number[];
  readonly raise?: Counters["raise"];
  readonly note?: () => Promise<never>;
}) {
  const all = Array.from({ length: tenants }, (_, at) => booked(`tenant-${String(at).padStart(5, "0")}`));
  const drifts = drifting.map((at) => driftOf(all[at]?.tenantId ?? ""));
  const [raised, noted, sent, logged]: [Booked[], Act[], ControlMessage[], string[]] = [[], [], [], []];
  let ids = 0;
  const never = () => Promise.reject(new Error("reconciling reads the books and raises counters, and nothing else"));
  const restMs = await reconcile({
    spendingBooks: {
      of: never,
      all: async (after, limit) => all.filter(({ tenantId }) => after === null || tenantId > after).slice(0, limit),
    },
    counters: {
      read: never,
      holdOutbox: never,
      rebuild: never,
      setStatus: never,
      raise:
        raise ??
        (async (page) => {
          raised.push(...page);
          return drifts.filter(({ tenantId }) => page.some((each) => each.tenantId === tenantId));
        }),
    },
    platformLog: {
      note:
        note ??
        (async (act) => {
          noted.push(act);
          return { kind: "done", row: {} };
        }),
    },
    controlQueue: { send: async (messages) => void sent.push(...messages) },
    newEventId: () => `event-${(ids += 1)}`,
    newRequestId: () => "request",
    reconcileMs: RECONCILE_MS,
    log: { info: () => undefined, error: (event) => void logged.push(event) },
  });
  return { restMs, raised, noted, sent, logged };
}

it.each([0, 1, 499, 500, 501, 1_000])(
  "holds the counters of all of %i tenants against the books, and rests",
  async (tenants) => {
    const { raised, restMs, logged } = await run({ tenants });
    expect(new Set(raised.map(({ tenantId }) => tenantId)).size).toBe(tenants);
    expect(raised).toHaveLength(tenants);
    expect({ restMs, logged }).toEqual({ restMs: RECONCILE_MS, logged: [] });
  },
);

it("logs each drift and tells the operator of it, with what was counted and what is booked", async () => {
  const { noted, sent, logged } = await run({ tenants: 2, drifting: [1] });
  const data = { tenant_id: "tenant-00001", window: "monthly", counted: 20, booked: 30 };
  expect(logged).toEqual(["ledger-drift"]);
  expect(noted).toMatchObject([{ action: "ledger.raise", event: { id: "event-1", type: "ledger.drift", data } }]);
  expect(sent).toEqual([{ kind: "event", tenantId: PLATFORM, eventId: "event-1" }]);
});

it("sends events of twenty and logs all when a whole Redis has lost something, because they have one cause", async () => {
  const drifting = Array.from({ length: 600 }, (_, at) => at);
  const { noted, logged } = await run({ tenants: 600, drifting });
  expect(noted).toHaveLength(20);
  expect(logged).toHaveLength(600);
});

it("goes on with the other tenants when a drift cannot be told, because its counter is raised already", async () => {
  const note = () => Promise.reject(new Error("Postgres down"));
  const { raised, logged } = await run({ tenants: 501, drifting: [0, 500], note });
  expect(raised).toHaveLength(501);
  expect(logged.toSorted()).toEqual(["ledger-drift", "ledger-drift", "ledger-drift-not-told", "ledger-drift-not-told"]);
});

it("fails when Redis does not answer, and so does not rest", async () => {
  await expect(run({ tenants: 1, raise: () => Promise.reject(new Error("Redis down")) })).rejects.toThrow("Redis down");
});
