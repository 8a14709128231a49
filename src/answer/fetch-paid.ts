import { isSharedFailure } from "../core/charge.ts";
import type { LeaseNote, Reservation } from "../core/ledger.ts";
import type { UpstreamKeys } from "../core/ports.ts";
import type { Answer } from "./answer.ts";
import { candidateOf, fetchUntilAnswered, orderOf, type Fetched, type FetchPorts } from "./fetch-until-answered.ts";
import { keepLease, type LeasePorts } from "./keep-lease.ts";
import { lookUp, type LookUpPorts, type Sought } from "./look-up.ts";
import { reserve } from "./reserve.ts";

export type PaidPorts = FetchPorts & LeasePorts & LookUpPorts & { readonly upstreamKeys: UpstreamKeys };

/** Somebody else fetches the call, or has just stored an answer to it. */
type NotMine = Extract<Reservation, { kind: "leased" | "stored" }>;

/**
 * Reserves, dispatches, and answers; what a dispatch leaves to do follows behind the response. Everything is handed to the platform before
 * it is awaited, so that a client who leaves takes nothing with it: the credit is spent either way.
 */
export async function fetchPaid(
  ports: PaidPorts,
  sought: Sought,
  lookedAfter: string | null = null,
): Promise<Answer | NotMine> {
  const { background, call, payer } = sought.ask;
  const opened = await ports.upstreamKeys.open(payer.upstreamKey);
  if (opened.kind === "unavailable") return { kind: "refused", because: "upstream-key-unavailable" };
  const lease = call.endpoint.windows === "download" ? null : await sought.key.digest();
  const isAnswered = async () => (await lookUp(ports, sought)).kind === "hit";
  const reserving = reserve(
    ports,
    { ...orderOf(sought.ask), lease, lookedAfter, candidates: opened.keys.map(candidateOf) },
    { ...sought.ask, isAnswered },
  );
  background(reserving);
  const first = await reserving;
  if (first.kind === "leased" || first.kind === "stored") return first;
  if (first.kind !== "reserved") return refused(first);
  const stores: Promise<void>[] = [];
  const fetching = fetchUntilAnswered(ports, { ...sought, stores }, { keys: opened.keys, reservation: first });
  background(fetching);
  if (lease !== null)
    background(
      keepLease(
        ports,
        { lease, requestId: sought.ask.requestId },
        fetching.then(async (fetched) => {
          await Promise.all(stores);
          return noteOf(fetched);
        }),
      ),
    );
  return { kind: "fetched", because: "miss", ...(await fetching) };
}

/** What those who wait for the lease are to learn of its fetch. */
function noteOf({ entry, outcome, reply, upstreamKeyId }: Fetched): LeaseNote | null {
  if (entry !== null) return { kind: "stored" };
  return isSharedFailure(outcome)
    ? { kind: "failed", failure: { outcome, status: reply.status, upstreamKeyId } }
    : null;
}

function refused(reservation: Exclude<Reservation, { kind: "reserved" | "leased" | "stored" }>): Answer {
  if (reservation.kind === "unavailable" || reservation.kind === "uncounted")
    return { kind: "refused", because: "ledger-unavailable" };
  if (reservation.kind === "failed") return { kind: "refused", because: "failed", failure: reservation.failure };
  return { kind: "refused", because: "reservation", reservation };
}
