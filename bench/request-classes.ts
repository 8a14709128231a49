/** One row of the table: a way that a request can go through the gateway, and how to make every request go that way. */
export type RequestClass = {
  readonly name: string;
  /** The Worker that serves it. */
  readonly worker: string;
  /** What the Worker's settings are changed to. */
  readonly settings: Readonly<Record<string, string>>;
  readonly path: string;
  /** Whether every request is a call that nobody made before. */
  readonly renews: boolean;
  /** What `Cache-Status` must say of every request; null for a Worker that sends none. */
  readonly cacheStatus: RegExp | null;
};

/** Each class asks for a user of its own: the Workers share one Redis and one Cache API. */
const path = (user: string) => `/userinfo-by-username/?username=bench_${user}`;

/** One byte holds no entry. */
const NO_MEMORY = { MEMORY_BYTES: "1" };

/** Longer than a run: usually Redis has to confirm an entry once a minute, which would be another class's request. */
const TRUSTED = { MEMORY_MS: "3600000" };

export const hello: RequestClass = {
  name: "hello (Hono)",
  worker: "hello",
  settings: {},
  path: "/",
  renews: false,
  cacheStatus: null,
};

/** The ceilings of the rows that ask Redis or the Cache API: in the local runtime either costs far more than the rest of a hello. */
export const ceilings: readonly RequestClass[] = [
  { ...hello, name: "hello, one Redis PING", path: "/round-trip" },
  { ...hello, name: "hello, one cache match", path: "/cache-match" },
];

export const miss: RequestClass = {
  name: "miss",
  worker: "miss",
  settings: {},
  path: path("miss"),
  renews: true,
  cacheStatus: /; fwd=uri-miss; .*stored/,
};

export const gatewayClasses: readonly RequestClass[] = [
  {
    name: "memory hit",
    worker: "memory",
    settings: TRUSTED,
    path: path("memory"),
    renews: false,
    cacheStatus: /; hit; .*detail=memory$/,
  },
  {
    name: "colo hit",
    worker: "colo",
    settings: { ...NO_MEMORY, ...TRUSTED },
    path: path("colo"),
    renews: false,
    cacheStatus: /; hit; .*detail=colo$/,
  },
  {
    name: "Redis hit",
    worker: "redis",
    // The colo keeps nothing either when an entry is trusted for no time; it is asked all the same.
    settings: { ...NO_MEMORY, MEMORY_MS: "0" },
    path: path("redis"),
    renews: false,
    cacheStatus: /; hit; .*detail=redis$/,
  },
  miss,
];

/** The emulated upstream without the gateway: what of a miss is not the gateway's. */
export const directUpstream: RequestClass = {
  name: "upstream, directly",
  worker: "none",
  settings: {},
  path: path("direct"),
  renews: true,
  cacheStatus: null,
};
