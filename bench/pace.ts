import { Agent } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import type { Asked, Pace, Paced } from "./load-child.ts";
import { send, type Answer } from "./send.ts";

type Timed = Answer & { readonly tookMs: number; readonly lateMs: number };

/**
 * One request after the other at even distances, each sent when it is due whether or not the earlier ones are answered: what waits
 * behind a slow one is slow too, and is counted.
 */
export async function pace({ asked, perSecond, seconds, perTurn }: Pace): Promise<readonly Paced[]> {
  const agent = new Agent({ keepAlive: true });
  const pending = asked.map((): Promise<Timed>[] => []);
  const all = perSecond * seconds * asked.length;
  const startedMs = performance.now();
  for (let count = 0; count < all; count += 1) {
    const dueMs = startedMs + (count * 1_000) / perSecond;
    const earlyMs = dueMs - performance.now();
    if (earlyMs > 0) await wait(earlyMs);
    const whose = Math.floor(count / perTurn) % asked.length;
    const [each, sent] = [asked[whose], pending[whose]];
    if (each !== undefined && sent !== undefined) sent.push(timed(each, String(sent.length), { agent, dueMs }));
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

async function timed(asked: Asked, name: string, { agent, dueMs }: { agent: Agent; dueMs: number }): Promise<Timed> {
  const sentMs = performance.now();
  const answer = await send(asked, name, agent);
  return { ...answer, tookMs: performance.now() - sentMs, lateMs: sentMs - dueMs };
}

function ascending(values: readonly number[]): number[] {
  return values.toSorted((a, b) => a - b);
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
}
