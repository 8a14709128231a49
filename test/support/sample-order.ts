import type { LedgerSettings } from "../../src/adapters/upstash-ledger.ts";
import type { Booked, Counters, Reserve } from "../../src/core/ledger.ts";

const TENANT = "00000000-0000-4000-8000-000000000001";

/** As in production, but for bursts that no upstream would take. */
export const LEDGER_SETTINGS: LedgerSettings = {
  leaseMs: 3_000,
  capWindowMs: 60_000,
  perSecond: 10_000,
  jitterMs: 300,
  breakerRestMs: 5_000,
};

let orders = 0;

/** An order like no other before it. */
export function sampleOrder(changes: Partial<Reserve> = {}): Reserve {
  orders += 1;
  return {
    tenantId: TENANT,
    candidates: [{ id: "platform-0001", cap: 200 }],
    endpoint: "/userid/",
    credits: 1,
    requestId: `0192d3a0-0000-7000-8000-${orders.toString(16).padStart(12, "0")}`,
    quotas: { daily: null, monthly: null },
    priority: "interactive",
    patienceMs: 0,
    lease: null,
    lookedAfter: null,
    randomBits: `${orders.toString(16).padStart(19, "a")}0`,
    ...changes,
  };
}

/** Makes missing counters of these books, as who reserves does. */
export async function countFrom(counters: Counters, booked: Booked): Promise<void> {
  await counters.rebuild(booked, await counters.holdOutbox(booked.tenantId));
}

/** Books in which nothing was spent. */
export function emptyBooks(tenantId = TENANT): Booked {
  return {
    tenantId,
    status: "active",
    day: new Date().toISOString().slice(0, 10),
    spent: { daily: 0, monthly: 0 },
  };
}
