import type { Candidate, Priority, Reserve } from "../../src/core/ledger.ts";
import { memoryRing, type Ring } from "./memory-ring.ts";
import type { Marks } from "./memory-key-marks.ts";

export type AdmissionSettings = {
  readonly windowMs: number;
  readonly perSecond: number;
  readonly secondMs: number;
  readonly catchUpMs: number;
  readonly breakerRestMs: number;
};

type Judged = {
  readonly candidate: Candidate;
  readonly ring: Ring;
  readonly owesMs: number;
  readonly isMarked: boolean;
  readonly isBroken?: boolean;
  readonly isProbing?: boolean;
  readonly readyMs: number;
  readonly waits?: boolean;
  readonly promises?: boolean;
};

export type Admission =
  | { readonly kind: "admitted"; readonly id: string; readonly isMarked: boolean; commit(): void }
  | { readonly kind: "busy" | "broken"; readonly inMs: number; readonly cap: number };

type Asking = Pick<Reserve, "tenantId" | "priority" | "patienceMs">;

const HEADROOM: Readonly<Record<Priority, number>> = { interactive: 0, refresh: 0.1, warm: 0.3 };

/** What the reservation script does with rings and marks, written a second time, for simulations of hours that take seconds. */
export function memoryAdmission(settings: AdmissionSettings, marksOf: (id: string) => Marks | undefined) {
  const { windowMs, catchUpMs, breakerRestMs } = settings;
  const rings = new Map<string, Ring>();
  const ringOf = (id: string) => {
    const ring = rings.get(id) ?? memoryRing(settings);
    rings.set(id, ring);
    return ring;
  };

  function judge(candidate: Candidate, { tenantId, priority, patienceMs }: Asking, nowMs: number): Judged {
    const { cap, id } = candidate;
    const ring = ringOf(id);
    const { owesMs, intervalMs, keep, others, hasWaited, isAhead } = ring.look(tenantId, cap, nowMs);
    const marks = marksOf(id);
    const judged = { candidate, ring, isMarked: marks !== undefined, owesMs: Math.min(windowMs, owesMs + intervalMs) };
    if (marks !== undefined && marks.cooledUntilMs > nowMs) return { ...judged, readyMs: marks.cooledUntilMs };
    const isProbing = marks !== undefined && marks.brokenUntilMs > 0;
    if (isProbing) {
      const nextMs = Math.max(marks.brokenUntilMs, ring.probedMs > 0 ? ring.probedMs + breakerRestMs : 0);
      if (nextMs > nowMs) return { ...judged, readyMs: nextMs, isBroken: true };
    }
    const toleranceMs = Math.max(windowMs - intervalMs, intervalMs / 2);
    const isWithin = priority === "interactive" && owesMs <= toleranceMs;
    if (isWithin && owesMs <= toleranceMs / 2 && !isAhead) {
      const { readyMs } = ring.roomAt(nowMs, { cap, leave: hasWaited ? 0 : others });
      return { ...judged, isProbing, readyMs, waits: readyMs > nowMs && readyMs - nowMs <= patienceMs };
    }
    const room = ring.roomAt(nowMs, { cap, leave: Math.max(keep + others, cap * HEADROOM[priority]) });
    const roomMs = isWithin ? room.readyMs : Math.max(room.readyMs, ring.tatMs);
    if (roomMs <= nowMs && !isAhead && (isWithin || others === 0)) return { ...judged, isProbing, readyMs: nowMs };
    const apartMs = isWithin ? room.apartMs : windowMs / cap;
    const readyMs = Math.ceil(Math.max(roomMs, Math.max(ring.promisedMs, nowMs) + apartMs));
    return { ...judged, isProbing, readyMs, promises: readyMs - nowMs <= patienceMs };
  }

  const load = ({ ring, candidate }: Judged) => ring.used() / candidate.cap;
  const isBetter = (one: Judged, other: Judged, nowMs: number) => {
    if (one.readyMs <= nowMs !== other.readyMs <= nowMs) return one.readyMs <= nowMs;
    return one.readyMs > nowMs ? one.readyMs < other.readyMs : load(one) < load(other);
  };

  return {
    loadOf: (id: string, sinceMs: number) => ringOf(id).used(sinceMs),
    /** As the script would write it, were it to write it now. */
    written: (id: string) => ringOf(id).written(),
    /** Nothing is taken before `commit`. */
    admit(request: Asking & Pick<Reserve, "candidates" | "randomBits">, nowMs: number): Admission {
      const { tenantId, candidates } = request;
      const outUntil = ({ id }: Candidate) => marksOf(id)?.outUntilMs ?? 0;
      const inUse = candidates.filter((candidate) => outUntil(candidate) <= nowMs);
      const asked = inUse.length > 0 ? inUse : candidates.toSorted((a, b) => outUntil(a) - outUntil(b)).slice(0, 1);
      const { ring, candidate, ...best } = asked
        .map((each) => judge(each, request, nowMs))
        .reduce((so, next) => (isBetter(next, so, nowMs) ? next : so));
      if (best.readyMs > nowMs) {
        if (best.waits) ring.mark(tenantId, best.readyMs, nowMs);
        else if (best.promises) ring.promise(tenantId, best.readyMs, nowMs);
        else ring.noteSharing(tenantId, nowMs);
        return { kind: best.isBroken ? "broken" : "busy", inMs: best.readyMs - nowMs, cap: candidate.cap };
      }
      const commit = () => {
        ring.probedMs = best.isProbing ? nowMs : 0;
        ring.tatMs = Math.ceil(Math.max(ring.tatMs, nowMs - catchUpMs) + windowMs / candidate.cap);
        ring.add(request, Math.floor(best.owesMs), nowMs);
      };
      return { kind: "admitted", id: candidate.id, isMarked: best.isMarked, commit };
    },
  };
}
