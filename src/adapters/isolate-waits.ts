import { LRUCache } from "lru-cache";
import type { Failure } from "../core/ledger.ts";
import type { Waits } from "../core/ports.ts";

/** Calls that are waited for at once in one isolate are far fewer. What is forgotten costs a question to Redis. */
const MOST = 2_000;

/** How long a failure is told to those who wait in the isolate, milliseconds: longer than any of them pauses. */
const TELL_MS = 500;

type Wait = { askedAtMs: number; failed?: { readonly failure: Failure; readonly atMs: number } };

/** Keeps, for the requests of an isolate that wait for the same call, when Redis was last asked, and how it failed. */
export function isolateWaits(clock: () => number): Waits {
  const waits = new LRUCache<string, Wait>({ max: MOST });
  return {
    mayAsk(identity, everyMs) {
      const nowMs = clock();
      const wait = waits.get(identity);
      if (wait !== undefined && nowMs - wait.askedAtMs < everyMs) return false;
      waits.set(identity, { ...wait, askedAtMs: nowMs });
      return true;
    },
    endTurn(identity) {
      const { failed } = waits.get(identity) ?? {};
      if (failed === undefined) waits.delete(identity);
      else waits.set(identity, { askedAtMs: -Infinity, failed });
    },
    noteFailure(identity, failure) {
      waits.set(identity, { askedAtMs: -Infinity, failed: { failure, atMs: clock() } });
    },
    failure(identity) {
      const failed = waits.get(identity)?.failed;
      return failed !== undefined && clock() - failed.atMs < TELL_MS ? failed.failure : undefined;
    },
  };
}
