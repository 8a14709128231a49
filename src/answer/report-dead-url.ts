import type { ChangeLog } from "../core/control-ports.ts";
import { NO_DEMAND } from "../core/directives.ts";
import type { Entry } from "../core/entry.ts";
import { urlsIn } from "../core/media-expiry.ts";
import { purgeOf, viewsOf } from "../core/purge.ts";
import { answer, type Answer, type AnswerPorts, type Ask } from "./answer.ts";
import { keyOf } from "./payer.ts";
import { callTarget, purge, type PurgePorts } from "./purge.ts";

export type DeadUrlPorts = AnswerPorts & PurgePorts & { readonly changes: ChangeLog };

export type Reported =
  | {
      readonly kind: "reported";
      readonly evicted: boolean;
      readonly refetched: boolean;
      readonly creditsCharged: number;
    }
  | { readonly kind: "unavailable" };

type Reporting = Omit<Ask, "demand" | "priority"> & {
  /** The media URL that did not work. */
  readonly url: string;
};

/**
 * A client met a dead media URL. If it stands in the answer that the client's tenant would get, that answer is purged for the tenant, and
 * fetched again at its expense; else, or a moment after, that has been done already, and nothing is spent. In a pool nobody else loses the old
 * answer before there is a new one, so that a tenant without credits left can cost the others none.
 */
export async function reportDeadUrl(ports: DeadUrlPorts, { url, ...asked }: Reporting): Promise<Reported> {
  const { scope, tenantId } = asked.payer;
  const key = keyOf(ports, asked);
  const lookingUp = () => ports.redis.get(key, viewsOf(asked.payer));
  const reply = await asked.wait.within(lookingUp, { kind: "unavailable" } as const);
  if (reply.kind === "unavailable") return reply;
  const isHeld = reply.kind === "found" && purgeOf(reply.stored.entry, reply.purged) !== "hard";
  // One report at a time: an upstream that sends the dead link again would be paid for each that follows.
  const isDue =
    isHeld &&
    holds(reply.stored.entry, url) &&
    (await ports.refreshTurns.take(`${await key.digest()}:dead:${tenantId}`));
  if (!isDue) return { kind: "reported", evicted: false, refetched: false, creditsCharged: 0 };

  const targets = [await callTarget(key)];
  const { view, atMs } = await purge(ports, { scope, tenantId, targets, mode: "hard" });
  const demand = { ...NO_DEMAND, fetchedFromMs: ports.clock(), isForced: true };
  const answered = await answer(ports, { ...asked, demand, priority: "interactive" });
  const refetched = isNew(answered);
  if (refetched || view === scope) await ports.changes.publish([{ kind: "purge", scope, targets, mode: "hard", atMs }]);
  return { kind: "reported", evicted: true, refetched, creditsCharged: chargedFor(answered) };
}

function holds({ body }: Entry, url: string): boolean {
  return [...urlsIn(JSON.parse(body))].includes(url);
}

/** Whether what others get now is a new answer, whoever fetched it. */
function isNew(answered: Answer): boolean {
  if (answered.kind === "fetched") return answered.entry !== null;
  return answered.kind === "joined" || answered.kind === "hit";
}

function chargedFor(answered: Answer): number {
  if (answered.kind === "stale") return chargedFor(answered.instead);
  return answered.kind === "fetched" ? answered.creditsCharged : 0;
}
