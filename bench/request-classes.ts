import { BODY_SIZES, type BodySize } from "./in-workerd/bodies.ts";

/** One row of the tables: a way that a request can go, and how to make every request go that way. */
export type RequestClass = {
  readonly name: string;
  /** The Worker that serves it; null for the upstream itself. */
  readonly worker: string | null;
  readonly path: string;
  /** Whether every request is a call that nobody made before. */
  readonly renews: boolean;
  /** Whose key it carries. */
  readonly key: "tenant" | "limited tenant" | "unknown" | "misspelt" | "none";
  /** Whether it says what it has already, to be told that it is still good. */
  readonly revalidates: boolean;
  readonly status: number;
  /** What `Cache-Status` must say of every request; null where there is none. */
  readonly cacheStatus: RegExp | null;
  /** Which share of the requests may be answered otherwise. */
  readonly strays: number;
  /** The bare hello that its throughput is compared with: one with a body of the same size. */
  readonly size: BodySize;
  /** The row beside which its latency is taken. */
  readonly beside: string;
  /** Of the latency, requests a second. */
  readonly perSecond: number;
};

/** Half of what the slowest row with that rate reaches on a small machine, or less: a p99 in a growing queue is the queue's. */
export const PACED_PER_SECOND = 500;

export const bareName = (size: BodySize): string => `bare hello, ${size}`;

const plain = (name: string, worker: string, path: string, size: BodySize = "usual"): RequestClass => ({
  name,
  worker,
  path,
  renews: false,
  key: "none",
  revalidates: false,
  status: 200,
  cacheStatus: null,
  strays: 0,
  size,
  beside: bareName(size),
  perSecond: PACED_PER_SECOND,
});

export const bareHellos: readonly RequestClass[] = BODY_SIZES.map((size) => plain(bareName(size), size, "/", size));

export const honoHello = plain("Hono hello", "hello", "/hello");

/** The measure of pages, at the rate at which they are asked for. */
export const barePage: RequestClass = { ...plain("Hono, a bare JSX page", "hello", "/page"), perSecond: 100 };

/** What no gateway in this framework can beat that looks an answer up, says what a hit has to say, or asks the Cache API or Redis, or one after the other. */
export const ceilings: readonly RequestClass[] = [
  plain("Hono, a Map look-up", "hello", "/looked-up/usual"),
  plain("Hono, the same with a hit's 13 fields", "hello", "/fields"),
  plain("Hono, one cache match", "hello", "/cache-match"),
  plain("Hono, one Redis PING", "hello", "/round-trip"),
  plain("Hono, a cache match and then a PING", "hello", "/match-and-round-trip"),
  barePage,
];

/** What of a miss is not the gateway's. */
export const directUpstream: RequestClass = {
  ...plain("upstream, directly", "upstream", "/userinfo-by-username/?username=bench_direct"),
  worker: null,
  renews: true,
  beside: "upstream, directly",
  perSecond: 100,
};
