import type { AnswerKey, RefreshTurns } from "../core/ports.ts";
import { purgeOf, viewsOf } from "../core/purge.ts";
import type { AnswerPorts, Ask } from "./answer.ts";
import { fetchPaid, type PaidPorts } from "./fetch-paid.ts";
import type { Sought } from "./look-up.ts";
import { keyOf } from "./payer.ts";

export type RefreshPorts = PaidPorts & Pick<AnswerPorts, "namespaceVersion"> & { readonly refreshTurns: RefreshTurns };

export type Refreshed =
  /** The upstream was asked, whatever it said. */
  | { readonly kind: "fetched" }
  /** There is nothing to do: the entry is another one by now, or somebody else has the turn or the lease. */
  | { readonly kind: "needless" }
  /** Nobody may pay, or the upstream key has no room for it: who finds the entry next asks again. */
  | { readonly kind: "refused" }
  | { readonly kind: "unavailable" };

/**
 * Fetches an answer anew, without waiting for room or for anybody. The entry in Redis decides: only when it still is the one that was seen
 * (`seenMs`, when it was fetched; null: none was), and nobody has had the turn to refresh it, is anything spent. So a message that comes twice,
 * late or out of order costs nothing.
 */
export async function refresh(ports: RefreshPorts, ask: Ask, seenMs: number | null): Promise<Refreshed> {
  const key = keyOf(ports, ask);
  for (let lookedAfter: string | null = null; ;) {
    const fetchedMs = await fetchedAt(ports, { key, ask });
    if (fetchedMs === undefined) return { kind: "unavailable" };
    if (fetchedMs !== seenMs) return { kind: "needless" };
    if (lookedAfter === null && !(await takesTurn(ports, key, seenMs))) return { kind: "needless" };
    const paid = await fetchPaid(ports, { key, ask }, lookedAfter);
    // Something was stored of late: after the entry that is there, or before.
    if (paid.kind === "stored") lookedAfter = paid.note;
    else return refreshedBy(paid);
  }
}

/** When the entry that is there was fetched; null when none is, undefined when Redis does not answer. */
async function fetchedAt({ redis }: RefreshPorts, { key, ask }: Sought): Promise<number | null | undefined> {
  const reply = await redis.get(key, viewsOf(ask.payer));
  if (reply.kind === "unavailable") return undefined;
  const isThere = reply.kind === "found" && purgeOf(reply.stored.entry, reply.purged) !== "hard";
  return isThere ? reply.stored.entry.fetchedAtMs : null;
}

async function takesTurn({ refreshTurns }: RefreshPorts, key: AnswerKey, seenMs: number | null): Promise<boolean> {
  return refreshTurns.take(`${await key.digest()}:${seenMs ?? "none"}`);
}

function refreshedBy(paid: Exclude<Awaited<ReturnType<typeof fetchPaid>>, { kind: "stored" }>): Refreshed {
  if (paid.kind === "fetched") return { kind: "fetched" };
  if (paid.kind !== "refused") return { kind: "needless" };
  return { kind: paid.because === "ledger-unavailable" ? "unavailable" : "refused" };
}
