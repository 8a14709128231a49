import type { Redis } from "@upstash/redis/cloudflare";
import type { Redis as Server } from "ioredis";
import { upstashCounters } from "../src/adapters/upstash-counters.ts";
import { statesOf, upstashLedger } from "../src/adapters/upstash-ledger.ts";
import type { Candidate, Ledger, Reserve } from "../src/core/ledger.ts";
import type { UsageEvent } from "../src/core/usage.ts";

export const TENANT = "00000000-0000-4000-8000-000000000001";
const CAP = 200;
const WINDOW_MS = 60_000;
const silent = { info: () => undefined, error: () => undefined };
let orders = 0;

/** A ledger as in production, but for bursts that no upstream would take. */
export async function ledgerOn(client: Redis): Promise<Ledger> {
  const day = new Date().toISOString().slice(0, 10);
  const counters = upstashCounters(client);
  const booked = { tenantId: TENANT, status: "active", day, spent: { daily: 0, monthly: 0 } } as const;
  await counters.rebuild(booked, await counters.holdOutbox(TENANT));
  const settings = { leaseMs: 3_000, capWindowMs: WINDOW_MS, perSecond: 10_000, jitterMs: 300, breakerRestMs: 5_000 };
  return upstashLedger(client, settings, silent);
}

export function order(candidates: readonly Candidate[]): Reserve {
  orders += 1;
  const number = orders.toString(16);
  return {
    tenantId: TENANT,
    candidates,
    endpoint: "/userid/",
    credits: 1,
    requestId: `0192d3a0-0000-7000-8000-${number.padStart(12, "0")}`,
    quotas: { daily: 1_000_000_000, monthly: 1_000_000_000 },
    priority: "interactive",
    patienceMs: 3_000,
    lease: `lease-${number}`,
    lookedAfter: null,
    randomBits: `${number.padStart(19, "a")}0`,
  };
}

/** Keys with room for all that the benchmark reserves on them. */
export function candidates(count: number, from = 0): Candidate[] {
  return Array.from({ length: count }, (_, at) => ({ id: `platform-${from + at}`, cap: CAP }));
}

/** Reserves and settles once, as a miss does; throws when there was no room. */
export async function pay(ledger: Ledger, request: Reserve): Promise<void> {
  const reservation = await ledger.reserve(request);
  if (reservation.kind !== "reserved") throw new Error(`nothing was reserved: ${reservation.kind}`);
  const { eventId, occurredAtMs, upstreamKeyId } = reservation;
  const { tenantId, endpoint, requestId } = request;
  const outcome = { status: 200, outcome: "success", creditsCharged: 1, creditsInDoubt: 0 } as const;
  const event: UsageEvent = { tenantId, endpoint, requestId, eventId, occurredAtMs, upstreamKeyId, ...outcome };
  await ledger.settle(event, 1);
}

/** Gives each key a ring with so many dispatches, each by a tenant of its own, spread over the window until now. */
export async function fillRings(server: Server, keys: readonly Candidate[], dispatches: number): Promise<void> {
  const nowMs = Date.now();
  const records = Array.from({ length: dispatches }, (_, at) => {
    const atMs = nowMs - Math.floor(((dispatches - at) * (WINDOW_MS - 1_000)) / (dispatches + 1));
    return `${atMs}${`other${at}`.padStart(12, "0")}060300`;
  });
  for (const key of keys) await server.set(statesOf(key)[0], `0 0 0 0||${records.join("")}`);
}
