import { answerShelf, type Shelved } from "./answer-shelf.ts";
import { freshMsOf, type Kind } from "./calls.ts";
import type { Latency } from "./latency.ts";
import { PROCESS_MS } from "./simple-designs.ts";
import { tallying, type Tally } from "./tally.ts";
import type { Asked } from "./trace.ts";

const SWR_FRESH_MS = 900_000;
const SWR_STALE_MS = 3_600_000;

/** What the design asks of Redis, of its queue, and of the upstream. */
export type SampleOperation = "GET" | "SET" | "message" | "call";

type Got = { readonly answeredAtMs: number; readonly atMs: number; readonly hasWaited: boolean };

/**
 * The caching guide's own samples: a minute in each process over a Redis of all, no coalescing, and for user info stale-while-revalidate
 * before it, whose refresh reads that same cache of an hour, and calls what it finds there fetched now. Its background threads are let live.
 */
export function guidesSample(
  requests: Iterable<Asked>,
  latency: Latency,
  onOperation: (operation: SampleOperation) => void = () => undefined,
): Tally {
  const tally = tallying("the guide's sample");
  const [processes, redis, swr] = [answerShelf(), answerShelf(), answerShelf()];

  function getThrough({ atMs, kind, profile, isolate }: Asked): Got {
    const key = `${kind} ${profile}`;
    const near = `${isolate} ${key}`;
    const local = processes.get(near, atMs);
    if (local !== undefined) return { answeredAtMs: local.answeredAtMs, atMs, hasWaited: false };
    onOperation("GET");
    const shared = redis.get(key, atMs);
    if (shared !== undefined) {
      processes.put(near, during(atMs, PROCESS_MS, shared.answeredAtMs));
      return { answeredAtMs: shared.answeredAtMs, atMs, hasWaited: false };
    }
    tally.called(atMs);
    onOperation("call");
    const answeredAtMs = atMs + latency();
    onOperation("SET");
    redis.put(key, during(answeredAtMs, freshMsOf(kind), answeredAtMs));
    processes.put(near, during(answeredAtMs, PROCESS_MS, answeredAtMs));
    return { answeredAtMs, atMs: answeredAtMs, hasWaited: true };
  }

  function refresh(asked: Asked): Got {
    const got = getThrough(asked);
    onOperation("SET");
    swr.put(`${asked.kind} ${asked.profile}`, during(got.atMs, SWR_STALE_MS, got.answeredAtMs));
    return got;
  }

  function getWithSwr(asked: Asked): Got {
    const { atMs, kind, profile } = asked;
    onOperation("GET");
    const found = swr.get(`${kind} ${profile}`, atMs);
    if (found === undefined) return refresh(asked);
    if (atMs - found.fromMs >= SWR_FRESH_MS) {
      onOperation("message");
      refresh(asked);
    }
    return { answeredAtMs: found.answeredAtMs, atMs, hasWaited: false };
  }

  for (const asked of requests) {
    const { answeredAtMs, atMs, hasWaited } = isUserInfo(asked.kind) ? getWithSwr(asked) : getThrough(asked);
    tally.served(asked.kind, { atMs: asked.atMs, ageMs: atMs - answeredAtMs, hasWaited });
  }
  return tally.read();
}

function during(fromMs: number, ttlMs: number, answeredAtMs: number): Shelved {
  return { fromMs, untilMs: fromMs + ttlMs, answeredAtMs };
}

function isUserInfo(kind: Kind): boolean {
  return kind === "userinfo-by-username" || kind === "userinfo-by-id";
}
