import { Agent, get } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import autocannon from "autocannon";
import type { Load, LoadResult } from "./load-child.ts";

/** The load generator, in a process of its own: the parts of the stack must not wait for it, nor it for them. */
process.on("message", (load: Load) => {
  const result = load.kind === "saturate" ? saturate(load) : pace(load);
  void result.then((measured) => process.send?.(measured));
});

async function saturate({ origin, headers, path, renews, seconds, rate }: Load): Promise<LoadResult> {
  let count = 0;
  const renew = (request: object) => ({ ...request, path: `${path}${(count += 1)}` });
  const result = await autocannon({
    url: origin,
    connections: rate,
    duration: seconds,
    requests: [{ path, headers, ...(renews ? { setupRequest: renew } : {}) }],
  });
  const good = result.statusCodeStats?.["200"]?.count ?? 0;
  const total = result.requests.total + result.errors + result.timeouts;
  return {
    requests: total,
    failed: total - good,
    perSecond: result.requests.total / result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    cacheStatuses: [],
  };
}

/**
 * One request after the other at even distances, each sent when it is due whether or not the earlier ones are answered. Autocannon's own
 * rate sends a second's requests in one burst, which measures the queue that it makes.
 */
async function pace({ origin, headers, path, renews, seconds, rate }: Load): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true });
  const startedMs = performance.now();
  const pending: Promise<Timed>[] = [];
  for (let count = 0; count < rate * seconds; count += 1) {
    const earlyMs = startedMs + (count * 1_000) / rate - performance.now();
    if (earlyMs > 0) await wait(earlyMs);
    pending.push(timed(`${origin}${path}${renews ? `p${count}` : ""}`, headers, agent));
  }
  const answers = await Promise.all(pending);
  agent.destroy();
  const tookMs = answers.map((answer) => answer.tookMs).toSorted((a, b) => a - b);
  return {
    requests: answers.length,
    failed: answers.filter(({ status }) => status !== 200).length,
    perSecond: rate,
    p50Ms: percentile(tookMs, 0.5),
    p99Ms: percentile(tookMs, 0.99),
    cacheStatuses: answers.map(({ cacheStatus }) => cacheStatus),
  };
}

type Timed = { readonly status: number; readonly cacheStatus: string; readonly tookMs: number };

function timed(url: string, headers: Load["headers"], agent: Agent): Promise<Timed> {
  const sentMs = performance.now();
  return new Promise((resolve) => {
    const end = (status: number, cacheStatus: string) =>
      resolve({ status, cacheStatus, tookMs: performance.now() - sentMs });
    get(url, { headers, agent }, (response) => {
      const { statusCode = 0, headers: fields } = response;
      response.resume().once("end", () => end(statusCode, String(fields["cache-status"] ?? "")));
    }).once("error", () => end(0, ""));
  });
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
}
