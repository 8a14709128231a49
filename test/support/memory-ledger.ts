import type {
  Booked,
  Counters,
  Drift,
  LeaseNote,
  Ledger,
  OpenReservation,
  Reservation,
  Reserve,
  Spent,
  TenantStatus,
} from "../../src/core/ledger.ts";
import { isOfAccount } from "../../src/core/charge.ts";
import { quotaWindow } from "../../src/core/quota.ts";
import type { UsageEvent } from "../../src/core/usage.ts";
import { uuid7 } from "../../src/core/uuid7.ts";
import { memoryAdmission, type AdmissionSettings } from "./memory-admission.ts";
import { memoryKeyMarks } from "./memory-key-marks.ts";

type Counted = { dayMs: number; monthMs: number; spent: Spent; status: TenantStatus };

export type MemoryLedgerSettings = AdmissionSettings & {
  readonly leaseMs: number;
  /** Tenants begin with counters of zero, as if they had been rebuilt. */
  readonly isCounted: boolean;
};

const SETTINGS: MemoryLedgerSettings = {
  windowMs: 60_300,
  perSecond: 50,
  secondMs: 1_300,
  catchUpMs: 1_000,
  breakerRestMs: 5_000,
  leaseMs: 3_000,
  isCounted: true,
};

export type MemoryLedger = Ledger & Counters & { loseCounters(tenantId: string): void };

/** As long as the real one holds an outbox. */
const HOLD_MS = 10_000;

/** A ledger and its counters in memory by a clock that is handed in, for timelines and simulation. It passes the contract of the real one. */
export function memoryLedger(
  clock: () => number,
  keyMarks = memoryKeyMarks(clock),
  given: Partial<MemoryLedgerSettings> = {},
): MemoryLedger {
  const settings = { ...SETTINGS, ...given };
  const admission = memoryAdmission(settings, keyMarks.of);
  keyMarks.countsLoad((id) => admission.loadOf(id, clock() - 60_000));
  const reservations = new Map<string, Extract<Reservation, { kind: "reserved" }>>();
  const open = new Map<string, OpenReservation>();
  const outbox = new Map<string, { readonly event: UsageEvent; readonly sinceMs: number }>();
  const leases = new Map<string, { readonly requestId: string; readonly untilMs: number; readonly note?: LeaseNote }>();
  const tenants = new Map<string, Counted>();
  const statuses = new Map<string, TenantStatus>();
  const held = new Map<string, { readonly hold: string; readonly untilMs: number }>();
  let lastHold = 0;

  /** With windows that are over begun anew. */
  const countedOf = (tenantId: string): Counted | undefined => {
    const [dayMs, monthMs] = [quotaWindow("daily", clock()).startMs, quotaWindow("monthly", clock()).startMs];
    if (!tenants.has(tenantId) && settings.isCounted)
      tenants.set(tenantId, { dayMs, monthMs, spent: { daily: 0, monthly: 0 }, status: "active" });
    const counted = tenants.get(tenantId);
    if (counted === undefined) return undefined;
    counted.spent = {
      daily: counted.dayMs === dayMs ? counted.spent.daily : 0,
      monthly: counted.monthMs === monthMs ? counted.spent.monthly : 0,
    };
    return Object.assign(counted, { dayMs, monthMs });
  };
  const refund = (tenantId: string, credits: number, fromMs: number) => {
    const counted = countedOf(tenantId);
    if (counted === undefined) return;
    const back = (window: keyof Spent, startMs: number) =>
      quotaWindow(window, fromMs).startMs === startMs
        ? Math.max(0, counted.spent[window] - credits)
        : counted.spent[window];
    counted.spent = { daily: back("daily", counted.dayMs), monthly: back("monthly", counted.monthMs) };
  };
  const holds = (lease: string) => (leases.get(lease)?.untilMs ?? 0) > clock();
  const heldBy = (tenantId: string) => {
    const { hold, untilMs = 0 } = held.get(tenantId) ?? {};
    return untilMs > clock() ? hold : undefined;
  };
  const isMine = (lease: string | null, requestId: string): lease is string =>
    lease !== null && holds(lease) && leases.get(lease)?.requestId === requestId;

  const standsAgainst = ({ lookedAfter, candidates }: Reserve, lease: string): Reservation | undefined => {
    if (!holds(lease)) return undefined;
    const { note, requestId = "" } = leases.get(lease) ?? {};
    if (note === undefined) return { kind: "leased" };
    if (note.kind === "stored") return requestId === lookedAfter ? undefined : { kind: "stored", note: requestId };
    const { failure } = note;
    const isOurs = !isOfAccount(failure.outcome) || candidates.some(({ id }) => id === failure.upstreamKeyId);
    return isOurs ? { kind: "failed", failure } : undefined;
  };

  return {
    async reserve(request) {
      const { randomBits, credits, quotas, lease, requestId, tenantId, endpoint } = request;
      const known = reservations.get(randomBits);
      if (known !== undefined) return known;
      const noted = lease === null ? undefined : standsAgainst(request, lease);
      if (noted !== undefined) return noted;
      const nowMs = clock();
      const counted = countedOf(tenantId);
      if (counted === undefined) return { kind: "uncounted" };
      if (counted.status !== "active") return { kind: "suspended" };
      const spent = { daily: counted.spent.daily + credits, monthly: counted.spent.monthly + credits };
      for (const quota of ["monthly", "daily"] as const)
        if (spent[quota] > (quotas[quota] ?? Infinity)) return { kind: "spent", quota, spent: counted.spent, nowMs };
      const admitted = admission.admit(request, nowMs);
      if (admitted.kind !== "admitted")
        return admitted.kind === "busy"
          ? { kind: "busy", inMs: admitted.inMs, cap: admitted.cap }
          : { kind: "broken", inMs: admitted.inMs };
      admitted.commit();
      counted.spent = spent;
      if (lease !== null) leases.set(lease, { requestId, untilMs: nowMs + settings.leaseMs });
      const eventId = uuid7(nowMs, Buffer.from(randomBits, "hex"));
      const { id: upstreamKeyId, isMarked } = admitted;
      const reservation = { kind: "reserved", eventId, occurredAtMs: nowMs, upstreamKeyId, isMarked, spent } as const;
      open.set(eventId, { tenantId, endpoint, credits, requestId, upstreamKeyId, eventId, occurredAtMs: nowMs });
      reservations.set(randomBits, reservation);
      return reservation;
    },
    async release({ randomBits, tenantId, credits, lease, requestId }) {
      const reservation = reservations.get(randomBits);
      if (reservation === undefined || !open.delete(reservation.eventId)) return;
      refund(tenantId, credits, reservation.occurredAtMs);
      if (isMine(lease, requestId)) leases.delete(lease);
    },
    async settle(event, reservedCredits) {
      if (!open.delete(event.eventId)) return "already-settled";
      outbox.set(event.eventId, { event, sinceMs: event.occurredAtMs });
      refund(event.tenantId, reservedCredits - event.creditsCharged - event.creditsInDoubt, event.occurredAtMs);
      return "settled";
    },
    async renewLease(lease, requestId) {
      if (!isMine(lease, requestId)) return false;
      leases.set(lease, { requestId, untilMs: clock() + settings.leaseMs });
      return true;
    },
    async endLease(lease, requestId, left) {
      if (!isMine(lease, requestId)) return;
      if (left === null) leases.delete(lease);
      else leases.set(lease, { requestId: `stored ${requestId}`, note: left.note, untilMs: clock() + left.noteMs });
    },
    async forget(events) {
      for (const { tenantId, eventId } of events) if (heldBy(tenantId) === undefined) outbox.delete(eventId);
    },
    async abandoned(ageMs, limit) {
      return [...open.values()].filter(({ occurredAtMs }) => occurredAtMs <= clock() - ageMs).slice(0, limit);
    },
    async unrecorded(ageMs, limit) {
      const due = [...outbox.values()].filter(({ sinceMs }) => sinceMs <= clock() - ageMs);
      const handedOut = due.slice(0, limit).map(({ event }) => event);
      for (const event of handedOut) {
        outbox.delete(event.eventId);
        outbox.set(event.eventId, { event, sinceMs: clock() });
      }
      return handedOut;
    },
    async read(tenantId) {
      const counted = countedOf(tenantId);
      return counted === undefined ? undefined : { spent: counted.spent, nowMs: clock() };
    },
    async holdOutbox(tenantId) {
      const hold = heldBy(tenantId) ?? `hold-${(lastHold += 1)}`;
      held.set(tenantId, { hold, untilMs: clock() + HOLD_MS });
      return hold;
    },
    async rebuild({ tenantId, status, day, spent }, hold) {
      if (countedOf(tenantId) !== undefined) held.delete(tenantId);
      if (heldBy(tenantId) !== hold) return;
      const [dayMs, monthMs] = [quotaWindow("daily", clock()).startMs, quotaWindow("monthly", clock()).startMs];
      const bookedMs = Date.parse(day);
      if (bookedMs > dayMs) return;
      const events = [...outbox.values()].map(({ event }) => event);
      const sinceMs = (startMs: number) => {
        const isOurs = (each: { tenantId: string; occurredAtMs: number }) =>
          each.tenantId === tenantId && each.occurredAtMs >= startMs;
        const reserved = [...open.values()].filter(isOurs).map(({ credits }) => credits);
        const settled = events.filter(isOurs).map((event) => event.creditsCharged + event.creditsInDoubt);
        return [...reserved, ...settled].reduce((sum, credits) => sum + credits, 0);
      };
      const booked = {
        daily: (bookedMs === dayMs ? spent.daily : 0) + sinceMs(dayMs),
        monthly: (bookedMs >= monthMs ? spent.monthly : 0) + sinceMs(monthMs),
      };
      tenants.set(tenantId, { dayMs, monthMs, spent: booked, status: statuses.get(tenantId) ?? status });
      held.delete(tenantId);
    },
    loseCounters: (tenantId) => void tenants.delete(tenantId),
    async raise(booked) {
      return booked.flatMap((each) => raised(each, tenants.has(each.tenantId) ? countedOf(each.tenantId) : undefined));
    },
    async setStatus(tenantId, status) {
      statuses.set(tenantId, status);
      const counted = countedOf(tenantId);
      if (counted !== undefined) counted.status = status;
    },
  };
}

function raised({ tenantId, day, spent }: Booked, counted: Counted | undefined): Drift[] {
  if (counted === undefined) return [];
  const drifts: Drift[] = [];
  const raise = (window: keyof Spent, isCurrent: boolean) => {
    if (!isCurrent || spent[window] <= counted.spent[window]) return;
    drifts.push({ tenantId, window, counted: counted.spent[window], booked: spent[window] });
    counted.spent = { ...counted.spent, [window]: spent[window] };
  };
  raise("daily", Date.parse(day) === counted.dayMs);
  raise("monthly", quotaWindow("monthly", Date.parse(day)).startMs === counted.monthMs);
  return drifts;
}
