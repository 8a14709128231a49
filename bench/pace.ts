import { Agent, get } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import type { Asked, Pace, Paced } from "./load-child.ts";

/** How long one is asked before it is the next one's turn: short against what disturbs a machine, long against a collector's pause. */
const TURN_MS = 250;

type Timed = {
  readonly status: number;
  readonly cacheStatus: string;
  readonly tookMs: number;
  readonly lateMs: number;
};

/**
 * One request after the other at even distances, each sent when it is due whether or not the earlier ones are answered: what waits
 * behind a slow one is slow too, and is counted.
 */
export async function pace({ asked, perSecond, seconds }: Pace): Promise<readonly Paced[]> {
  const agent = new Agent({ keepAlive: true });
  const pending = asked.map((): Promise<Timed>[] => []);
  const turns = Math.ceil((seconds * 1_000) / TURN_MS);
  const perTurn = Math.max(1, Math.round((perSecond * TURN_MS) / 1_000));
  let dueMs = performance.now();
  for (let turn = 0; turn < turns; turn += 1) {
    for (const [at, each] of asked.entries()) {
      for (let count = 0; count < perTurn; count += 1) {
        const earlyMs = dueMs - performance.now();
        if (earlyMs > 0) await wait(earlyMs);
        pending[at]?.push(timed(each, `p${turn}_${count}`, { agent, dueMs }));
        dueMs += 1_000 / perSecond;
      }
    }
  }
  const answers = await Promise.all(pending.map((all) => Promise.all(all)));
  agent.destroy();
  return answers.map(summary);
}

function summary(answers: readonly Timed[]): Paced {
  const took = ascending(answers.map(({ tookMs }) => tookMs));
  return {
    p50Ms: percentile(took, 0.5),
    p99Ms: percentile(took, 0.99),
    answers: answers.map(({ status, cacheStatus }) => ({ status, cacheStatus })),
    lateMs: percentile(ascending(answers.map(({ lateMs }) => lateMs)), 0.99),
  };
}

/** A request without a response has status 0. */
function timed(
  { origin, path, headers, renews }: Asked,
  name: string,
  { agent, dueMs }: { agent: Agent; dueMs: number },
): Promise<Timed> {
  const sentMs = performance.now();
  return new Promise((resolve) => {
    const end = (status: number, cacheStatus: string) =>
      resolve({ status, cacheStatus, tookMs: performance.now() - sentMs, lateMs: sentMs - dueMs });
    get(`${origin}${path}${renews ? name : ""}`, { headers, agent }, (response) => {
      const { statusCode = 0, headers: fields } = response;
      response.resume().once("end", () => end(statusCode, String(fields["cache-status"] ?? "")));
    }).once("error", () => end(0, ""));
  });
}

function ascending(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
}
