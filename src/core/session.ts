import * as v from "valibot";

/**
 * Who is signed in to the dashboard. It holds the credential itself, which is presented to `/v1` with every question: so it ends when the
 * credential does, and there is nothing to look up or to clear away.
 */
export const Session = v.object({
  kind: v.picklist(["key", "person", "operator"]),
  credential: v.string(),
  /** What is said beside "Sign out": public, never the credential. */
  who: v.string(),
  /** The tenant that a person or the operator has chosen to look at. A key's tenant is its own, and null. */
  tenantId: v.nullable(v.string()),
  /** Stands in every form of the session, and in no other place. */
  csrf: v.string(),
  startedAtMs: v.number(),
  seenAtMs: v.number(),
});

export type Session = v.InferOutput<typeof Session>;

export type SessionTimes = {
  /** How long a session lasts that nobody uses. */
  readonly sessionMs: number;
  /** How long any session lasts. */
  readonly sessionMostMs: number;
};

/** A share of its idle time, so that not every page sets the cookie anew. */
const NOTED_SHARE = 10;

/** When a session ends if it is not used again, Unix milliseconds. */
export function endOf({ startedAtMs, seenAtMs }: Session, { sessionMs, sessionMostMs }: SessionTimes): number {
  return Math.min(seenAtMs + sessionMs, startedAtMs + sessionMostMs);
}

/** Whether a session is over: the end is exclusive. One from the future is none, for its times mean nothing. */
export function isOver(session: Session, times: SessionTimes, nowMs: number): boolean {
  return nowMs >= endOf(session, times) || session.startedAtMs > nowMs + times.sessionMs;
}

/** The session as it is to be kept after this use of it; nothing while what is kept is good enough. */
export function noted(session: Session, { sessionMs }: SessionTimes, nowMs: number): Session | undefined {
  return nowMs - session.seenAtMs >= sessionMs / NOTED_SHARE ? { ...session, seenAtMs: nowMs } : undefined;
}
