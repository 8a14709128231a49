import type { Candidate, Reserve } from "../../src/core/ledger.ts";
import type { Marks } from "./memory-key-marks.ts";

export type AdmissionSettings = {
  readonly windowMs: number;
  readonly perSecond: number;
  readonly secondMs: number;
  readonly catchUpMs: number;
  readonly breakerRestMs: number;
};

type Ring = {
  tatMs: number;
  promisedMs: number;
  probedMs: number;
  readonly waiters: Map<string, number>;
  records: { readonly atMs: number; readonly tenantId: string }[];
};

type Judged = {
  readonly candidate: Candidate;
  readonly ring: Ring;
  readonly isMarked: boolean;
  readyMs: number;
  isBroken: boolean;
  isProbing: boolean;
  waitsUntilMs?: number;
  promises?: number;
};

export type Admission =
  | { readonly kind: "admitted"; readonly id: string; readonly isMarked: boolean; commit(): void }
  | { readonly kind: "busy" | "broken"; readonly inMs: number; readonly cap: number };

const HEADROOM = { interactive: 0, refresh: 0.1, warm: 0.3 };

/** What the reservation script does with rings and marks, written a second time, for simulations of hours that take seconds. */
export function memoryAdmission(settings: AdmissionSettings, marksOf: (id: string) => Marks | undefined) {
  const { windowMs, perSecond, secondMs, catchUpMs, breakerRestMs } = settings;
  const rings = new Map<string, Ring>();
  const ringOf = (id: string) => {
    const ring = rings.get(id) ?? { tatMs: 0, promisedMs: 0, probedMs: 0, waiters: new Map(), records: [] };
    rings.set(id, ring);
    return ring;
  };

  function roomAt(ring: Ring, { cap, leave, nowMs }: { cap: number; leave: number; nowMs: number }): number {
    const used = ring.records.length;
    const free = cap - used;
    let readyMs = nowMs;
    if (free <= leave) {
      const nth = ring.records[Math.min(Math.floor(leave - free) + 1, used) - 1];
      if (nth === undefined) return nowMs + 1_000;
      readyMs = nth.atMs + windowMs;
    }
    const ofSecond = ring.records[used - perSecond];
    return ofSecond === undefined ? readyMs : Math.max(readyMs, ofSecond.atMs + secondMs);
  }

  function judge(candidate: Candidate, request: Reserve, nowMs: number): Judged {
    const { tenantId, priority, patienceMs } = request;
    const { cap } = candidate;
    const ring = ringOf(candidate.id);
    ring.records = ring.records.filter(({ atMs }) => atMs > nowMs - windowMs);
    for (const [id, untilMs] of ring.waiters) if (untilMs <= nowMs) ring.waiters.delete(id);
    const hasWaited = ring.waiters.has(tenantId);
    const others = ring.waiters.size - (hasWaited ? 1 : 0);
    const mine = ring.records.filter((record) => record.tenantId === tenantId);
    const active = new Set([tenantId, ...ring.waiters.keys(), ...ring.records.map((record) => record.tenantId)]);
    const share = cap / active.size;
    const marks = marksOf(candidate.id);
    const judged: Judged = {
      candidate,
      ring,
      isMarked: marks !== undefined,
      readyMs: nowMs,
      isBroken: false,
      isProbing: false,
    };
    if (marks !== undefined && marks.cooledUntilMs > nowMs) return { ...judged, readyMs: marks.cooledUntilMs };
    if (marks !== undefined && marks.brokenUntilMs > 0) {
      const nextMs = Math.max(marks.brokenUntilMs, ring.probedMs > 0 ? ring.probedMs + breakerRestMs : 0);
      if (nextMs > nowMs) return { ...judged, readyMs: nextMs, isBroken: true };
      judged.isProbing = true;
    }
    if (priority === "interactive" && mine.length < share) {
      judged.readyMs = roomAt(ring, { cap, leave: hasWaited ? 0 : others, nowMs });
      if (judged.readyMs > nowMs && judged.readyMs - nowMs <= patienceMs) judged.waitsUntilMs = judged.readyMs + 1_000;
      return judged;
    }
    judged.readyMs = Math.max(roomAt(ring, { cap, leave: cap * HEADROOM[priority], nowMs }), ring.tatMs);
    if (judged.readyMs <= nowMs && others === 0) return judged;
    judged.readyMs = Math.max(judged.readyMs, Math.max(ring.promisedMs, nowMs) + windowMs / cap);
    if (judged.readyMs - nowMs <= patienceMs) judged.promises = judged.readyMs;
    if (priority !== "interactive") return judged;
    const expiring = mine[Math.floor(mine.length - share)];
    judged.readyMs = Math.min(judged.readyMs, (expiring?.atMs ?? nowMs) + windowMs);
    return judged;
  }

  const load = (judged: Judged) => judged.ring.records.length / judged.candidate.cap;
  const isBetter = (one: Judged, other: Judged, nowMs: number) => {
    if (one.readyMs <= nowMs !== other.readyMs <= nowMs) return one.readyMs <= nowMs;
    return one.readyMs > nowMs ? one.readyMs < other.readyMs : load(one) < load(other);
  };

  return {
    loadOf: (id: string, sinceMs: number) => ringOf(id).records.filter(({ atMs }) => atMs > sinceMs).length,
    /** Nothing is taken before `commit`. */
    admit(request: Reserve, nowMs: number): Admission {
      const outUntil = ({ id }: Candidate) => marksOf(id)?.outUntilMs ?? 0;
      const inUse = request.candidates.filter((candidate) => outUntil(candidate) <= nowMs);
      const asked =
        inUse.length > 0 ? inUse : request.candidates.toSorted((a, b) => outUntil(a) - outUntil(b)).slice(0, 1);
      const best = asked
        .map((candidate) => judge(candidate, request, nowMs))
        .reduce((so, next) => (isBetter(next, so, nowMs) ? next : so));
      const { ring, candidate } = best;
      if (best.readyMs > nowMs) {
        if (best.waitsUntilMs !== undefined) ring.waiters.set(request.tenantId, best.waitsUntilMs);
        else if (best.promises !== undefined) ring.promisedMs = best.promises;
        return { kind: best.isBroken ? "broken" : "busy", inMs: Math.ceil(best.readyMs - nowMs), cap: candidate.cap };
      }
      const commit = () => {
        ring.probedMs = best.isProbing ? nowMs : 0;
        ring.tatMs = Math.max(ring.tatMs, nowMs - catchUpMs) + windowMs / candidate.cap;
        ring.waiters.delete(request.tenantId);
        ring.records.push({ atMs: nowMs, tenantId: request.tenantId });
      };
      return { kind: "admitted", id: candidate.id, isMarked: best.isMarked, commit };
    },
  };
}
