import type { Draws } from "./world/draws.ts";

/** How long answers take: half of them up to `p50Ms`, one in a hundred longer than `p99Ms`, log-normally. `p50Ms: 0` is no delay. */
export type Latency = { readonly p50Ms: number; readonly p99Ms: number };

/** The 99th percentile of the standard normal distribution. */
const NORMAL_P99 = 2.326;

/** The next delay. */
export function drawLatencyMs({ p50Ms, p99Ms }: Latency, draws: Draws): number {
  if (p50Ms === 0) return 0;
  const sigma = Math.log(Math.max(p99Ms, p50Ms) / p50Ms) / NORMAL_P99;
  return p50Ms * Math.exp(sigma * normal(draws));
}

/** Box and Muller's way from two uniform draws to a normal one. */
function normal(draws: Draws): number {
  const radius = Math.sqrt(-2 * Math.log((draws.bits() + 1) / (2 ** 32 + 1)));
  return radius * Math.cos((2 * Math.PI * draws.bits()) / 2 ** 32);
}
