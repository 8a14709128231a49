import { drawLatencyMs } from "../../dev/upstream/latency.ts";
import { Draws } from "../../dev/upstream/world/draws.ts";

/** Draws how long the upstream takes for its next answer, milliseconds. */
export type Latency = () => number;

/** One answer in a hundred takes so many times the median or more. */
const TAIL = 10 / 3;

/** Log-normally, as the emulated upstream does it. Equal seeds, equal draws. */
export function upstreamLatency(medianMs: number, seed: number): Latency {
  const draws = new Draws(`latency/${seed}`);
  return () => Math.round(drawLatencyMs({ p50Ms: medianMs, p99Ms: medianMs * TAIL }, draws));
}
