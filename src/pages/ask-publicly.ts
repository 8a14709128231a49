import { answer, type Answer, type AnswerPorts, type Refused } from "../answer/answer.ts";
import { hitOf } from "../answer/hit-of.ts";
import { keyOf } from "../answer/payer.ts";
import type { Call } from "../core/catalogue.ts";
import type { Confirm } from "../core/control-ports.ts";
import type { Entry } from "../core/entry.ts";
import { secondsUntil } from "../core/http-fields.ts";
import type { Background, Bucket, HitCounter, RateLimiter } from "../core/ports.ts";
import { problems } from "../core/problem.ts";
import { quotaWindow } from "../core/quota.ts";
import { recentlyMade } from "../core/recent.ts";
import { publicAsker, type PublicAskerPorts } from "./public-asker.ts";

export type AskPubliclyPorts = AnswerPorts &
  PublicAskerPorts & {
    readonly confirm: Pick<Confirm, "refresh" | "purgedAt">;
    readonly limiter: RateLimiter;
    readonly hits: HitCounter;
    /** How much may be fetched a minute for one address, and for all together, calls. */
    readonly pagesPerAddress: number;
    readonly pagesColdPerMinute: number;
  };

/** The request of somebody without a key. */
export type Visit = {
  readonly requestId: string;
  /** Whom limits count it for. */
  readonly address: string;
  readonly background: Background;
};

const MINUTE_MS = 60_000;
const REMEMBERED = { most: 1_000, longest: 1_000 };

/**
 * Asks on behalf of the public tenant. Behind every tenant: with the least priority, and never waiting for room on an upstream key. What is
 * cached, also past its time, is free of limits; before anything is fetched or refreshed, the address and everybody together have to have some
 * left of theirs, so that a crawler can spend no more than these in a minute and the tenant's quota in a month. Fails closed where nobody
 * pays; limits that do not answer let through, since the ledger then spends nothing.
 */
export const askPublicly = (ports: AskPubliclyPorts) => {
  const admittedAtMs = recentlyMade<number>(REMEMBERED);
  return async function askPublicly(call: Call, visit: Visit): Promise<Answer> {
    const { payer, demand } = await publicAsker(ports);
    const { identity } = keyOf(ports, { call, payer });
    const wait = ports.newWaitBudget();
    // Who waits for what is being fetched takes nothing: one of the isolate has taken it for all.
    const isAdmitted = () => ports.clock() - (admittedAtMs.get(identity) ?? -Infinity) < ports.upstreamDeadlineMs;
    const beforeFetch = async () => {
      if (isAdmitted()) return undefined;
      const refused = await takeOfLimits(ports, visit.address);
      if (refused === undefined) admittedAtMs.put(identity, ports.clock());
      return isAdmitted() ? undefined : refused;
    };
    const { requestId, background } = visit;
    // A copy that was purged elsewhere is known for one before it is served.
    const reading = ports.confirm.refresh(wait, background);
    const admitting = reading && { admission: () => reading.done(), alongside: [reading.alongside] };
    const ask = { call, payer, demand, priority: "warm", beforeFetch, ...admitting } as const;
    const answered = await answer(ports, { ...ask, requestId, background, wait });
    const hit = hitOf(call, answered, ports.chargeRules);
    if (hit !== undefined) ports.hits.add(payer.tenantId, hit, background);
    return answered;
  };
};

/** What an answer holds to be shown. Throws the problem that says when to come again where it holds nothing. */
export function shownOf(answered: Answer): Entry {
  if (answered.kind === "refused") throw problems.publicNotReady(retryAfterSeconds(answered));
  const entry = answered.kind === "fetched" ? answered.entry : answered.stored.entry;
  if (entry === null) throw problems.publicNotReady();
  return entry;
}

/**
 * Of the address first: who has used up its own takes nothing from everybody's. Each is waited for by itself: where Redis is far away, there
 * would be no time left for the ledger, and a second visit would be let through.
 */
async function takeOfLimits(ports: AskPubliclyPorts, address: string): Promise<Refused | undefined> {
  const limits = [
    { name: `public:from:${address}`, perMinute: ports.pagesPerAddress },
    { name: "public:cold", perMinute: ports.pagesColdPerMinute },
  ];
  for (const { name, perMinute } of limits) {
    const take = () => ports.limiter.take(name, bucketOf(perMinute));
    const taken = await ports.newWaitBudget().within(take, { kind: "unavailable" } as const);
    if (taken.kind !== "refused") continue;
    const inMs = Math.max(0, taken.resetAtMs - ports.clock());
    return { kind: "refused", because: "reservation", reservation: { kind: "busy", inMs, cap: perMinute } };
  }
  return undefined;
}

function bucketOf(perMinute: number): Bucket {
  return { capacity: perMinute, refill: 1, everyMs: Math.max(1, Math.floor(MINUTE_MS / perMinute)) };
}

function retryAfterSeconds(refused: Refused): number | undefined {
  if (refused.because !== "reservation") return undefined;
  const { reservation } = refused;
  switch (reservation.kind) {
    case "busy":
    case "broken":
      return Math.max(1, Math.ceil(reservation.inMs / 1_000));
    case "spent":
      return Math.max(1, secondsUntil(quotaWindow(reservation.quota, reservation.nowMs).endMs, reservation.nowMs));
    case "suspended":
      return undefined;
    default:
      return reservation satisfies never;
  }
}
