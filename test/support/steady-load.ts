import { setTimeout as pause } from "node:timers/promises";
import type { Gateway } from "./gateway.ts";

/** The time from one request to the next, milliseconds: 50 a second. */
const STEP_MS = 20;

export type Seen = {
  readonly gateway: Gateway;
  readonly key: string;
  readonly status: number;
  readonly cacheStatus: string;
  /** Of the body: which answer it was. */
  readonly etag: string;
  readonly sentAtMs: number;
};

/** Asks every gateway with every key in turn, 50 times a second, until it is stopped; `seen` is what came of it. */
export function steadyLoad(gateways: readonly Gateway[], keys: readonly string[], path: string) {
  const seen: Seen[] = [];
  const pairs = gateways.flatMap((gateway) => keys.map((key) => ({ gateway, key })));
  const ask = async (pair: (typeof pairs)[number]) => {
    const sentAtMs = Date.now();
    const response = await pair.gateway.get(path, { key: pair.key });
    await response.body?.cancel();
    const [cacheStatus, etag] = ["cache-status", "etag"].map((name) => response.headers.get(name) ?? "");
    seen.push({ ...pair, status: response.status, cacheStatus: cacheStatus ?? "", etag: etag ?? "", sentAtMs });
  };
  const end = new AbortController();
  const running = (async () => {
    const asked: Promise<void>[] = [];
    for (let at = 0; !end.signal.aborted; at += 1) {
      const pair = pairs[at % pairs.length];
      if (pair !== undefined) asked.push(ask(pair));
      await pause(STEP_MS);
    }
    await Promise.all(asked);
  })();
  return {
    seen,
    stop: () => {
      end.abort();
      return running;
    },
  };
}
