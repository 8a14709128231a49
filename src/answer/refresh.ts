import type { RefreshTurns } from "../core/ports.ts";
import { purgeOf, viewsOf } from "../core/purge.ts";
import type { AnswerPorts, Ask } from "./answer.ts";
import { fetchPaid, type PaidPorts } from "./fetch-paid.ts";
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
  const reply = await ports.redis.get(key, viewsOf(ask.payer));
  if (reply.kind === "unavailable") return reply;
  const isThere = reply.kind === "found" && purgeOf(reply.stored.entry, reply.purged) !== "hard";
  const fetchedMs = isThere ? reply.stored.entry.fetchedAtMs : null;
  if (fetchedMs !== seenMs) return { kind: "needless" };
  if (!(await ports.refreshTurns.take(`${await key.digest()}:${seenMs ?? "none"}`))) return { kind: "needless" };
  const paid = await fetchPaid(ports, { key, ask });
  if (paid.kind === "fetched") return { kind: "fetched" };
  if (paid.kind !== "refused") return { kind: "needless" };
  return { kind: paid.because === "ledger-unavailable" ? "unavailable" : "refused" };
}
