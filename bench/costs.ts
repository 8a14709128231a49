/** What comes of one request, before its response and behind it, or of one batch of messages. */
export type Cost = {
  /** The longest chain of operations that the response waits for, each begun after the one before it ended. */
  readonly awaited: number;
  /** The same, of requests to Redis alone. */
  readonly awaitedOfRedis: number;
  /** Operations that are under way at the same time, at the most: a Worker has six connections for each request, and what is more waits for one. */
  readonly atOnce: number;
  /** Requests to Redis over HTTP. */
  readonly roundTrips: number;
  /** Commands that Redis runs: those that are sent, and those that scripts run. */
  readonly commands: number;
  /** Of them, those that change something: they are billed once more for each read region. */
  readonly writes: number;
  /** Put into queues. */
  readonly messages: number;
  /** Fetches: to Redis, Postgres, and the upstream. */
  readonly subrequests: number;
  /** Of them, those to the upstream: each is a credit. */
  readonly dispatches: number;
  /** Questions to the Cache API, and answers put there. */
  readonly cacheOperations: number;
  /** Sent to Redis and received from it, without HTTP's own. An answer is in it as often as it goes there. */
  readonly redisBytes: number;
  /** Of the response. */
  readonly bodyBytes: number;
};

const NOTHING: Cost = {
  awaited: 0,
  awaitedOfRedis: 0,
  atOnce: 0,
  roundTrips: 0,
  commands: 0,
  writes: 0,
  messages: 0,
  subrequests: 0,
  dispatches: 0,
  cacheOperations: 0,
  redisBytes: 0,
  bodyBytes: 0,
};

const cost = (given: Partial<Cost>): Cost => ({ ...NOTHING, ...given });

/**
 * Every class of request with what it asks for outside its isolate. Counts do not depend on the machine, so `test/worker/costs.test.ts` asserts
 * them exactly, and bytes roughly. The isolate has read the log of changes within the second and holds a token, unless the name says
 * otherwise: what goes by the clock stands in rows of its own.
 */
export const COSTS = {
  "memory hit": cost({ bodyBytes: 31_000 }),
  "memory hit, no token held": cost({
    atOnce: 1,
    awaited: 1,
    awaitedOfRedis: 1,
    roundTrips: 1,
    commands: 4,
    writes: 2,
    subrequests: 1,
    redisBytes: 154,
    bodyBytes: 31_000,
  }),
  "memory hit that reads the log": cost({
    atOnce: 1,
    awaited: 1,
    awaitedOfRedis: 1,
    roundTrips: 1,
    commands: 1,
    subrequests: 1,
    redisBytes: 123,
    bodyBytes: 31_000,
  }),
  /** When the log was not read for so long that it vouches no more for what was read before: Redis' record of the key comes with it. */
  "memory hit after a pause": cost({
    atOnce: 1,
    awaited: 1,
    awaitedOfRedis: 1,
    roundTrips: 1,
    commands: 2,
    subrequests: 1,
    redisBytes: 900,
    bodyBytes: 31_000,
  }),
  /** Every ten seconds, for all isolates together, where none has followed the log: the record is read from Postgres, and kept in Redis. */
  "memory hit after a pause, the key read anew": cost({
    atOnce: 1,
    awaited: 2,
    awaitedOfRedis: 1,
    roundTrips: 2,
    commands: 5,
    writes: 1,
    subrequests: 3,
    redisBytes: 1_800,
    bodyBytes: 31_000,
  }),
  /** One message of hits, and one script that adds to the hot set. */
  "memory hit that sends counts": cost({
    atOnce: 2,
    roundTrips: 1,
    commands: 5,
    writes: 2,
    messages: 1,
    subrequests: 1,
    redisBytes: 180,
    bodyBytes: 31_000,
  }),
  "not modified": cost({}),
  "negative hit": cost({ bodyBytes: 45 }),
  "colo hit": cost({ atOnce: 1, awaited: 1, cacheOperations: 1, bodyBytes: 31_000 }),
  "Redis hit": cost({
    atOnce: 1,
    awaited: 2,
    awaitedOfRedis: 1,
    roundTrips: 1,
    commands: 1,
    subrequests: 1,
    cacheOperations: 2,
    redisBytes: 34_500,
    bodyBytes: 31_500,
  }),
  /** The log's last entry is asked for with the answer. */
  "Redis hit that reads the log": cost({
    atOnce: 1,
    awaited: 2,
    awaitedOfRedis: 1,
    roundTrips: 1,
    commands: 1,
    subrequests: 1,
    cacheOperations: 2,
    redisBytes: 34_500,
    bodyBytes: 31_500,
  }),
  /** The record of the key as well. */
  "Redis hit after a pause": cost({
    atOnce: 1,
    awaited: 2,
    awaitedOfRedis: 1,
    roundTrips: 1,
    commands: 2,
    subrequests: 1,
    cacheOperations: 2,
    redisBytes: 35_500,
    bodyBytes: 31_500,
  }),
  /** With the message that has it refreshed; most find that another has sent one. */
  "stale hit": cost({
    atOnce: 1,
    awaited: 2,
    awaitedOfRedis: 1,
    roundTrips: 2,
    commands: 2,
    writes: 1,
    messages: 1,
    subrequests: 2,
    cacheOperations: 1,
    redisBytes: 1_660,
    bodyBytes: 555,
  }),
  /** Finds the answer at its first look after it found the lease taken. */
  joined: cost({
    atOnce: 1,
    awaited: 5,
    awaitedOfRedis: 3,
    roundTrips: 3,
    commands: 11,
    writes: 5,
    subrequests: 3,
    cacheOperations: 3,
    redisBytes: 35_000,
    bodyBytes: 31_000,
  }),
  miss: cost({
    atOnce: 3,
    awaited: 4,
    awaitedOfRedis: 2,
    roundTrips: 5,
    commands: 14,
    writes: 9,
    messages: 1,
    subrequests: 6,
    dispatches: 1,
    cacheOperations: 2,
    redisBytes: 36_000,
    bodyBytes: 31_500,
  }),
  /** User info by name: the user's id and their info by id are stored with it, and that name and id are one user's. */
  "miss that answers other calls": cost({
    atOnce: 4,
    awaited: 4,
    awaitedOfRedis: 2,
    roundTrips: 6,
    commands: 20,
    writes: 13,
    messages: 1,
    subrequests: 7,
    dispatches: 1,
    cacheOperations: 2,
    redisBytes: 7_400,
    bodyBytes: 1_500,
  }),
  "bad checksum": cost({ bodyBytes: 227 }),
  "unknown key": cost({
    atOnce: 1,
    awaited: 2,
    awaitedOfRedis: 1,
    roundTrips: 2,
    commands: 3,
    writes: 1,
    subrequests: 3,
    redisBytes: 127,
    bodyBytes: 227,
  }),
  "unknown key again": cost({ bodyBytes: 227 }),
  "rate-limited": cost({
    atOnce: 1,
    awaited: 1,
    awaitedOfRedis: 1,
    roundTrips: 1,
    commands: 2,
    subrequests: 1,
    redisBytes: 155,
    bodyBytes: 246,
  }),
  "quota spent": cost({
    atOnce: 1,
    awaited: 3,
    awaitedOfRedis: 2,
    roundTrips: 2,
    commands: 4,
    subrequests: 2,
    cacheOperations: 1,
    redisBytes: 1_220,
    bodyBytes: 312,
  }),
  /** The message of a stale hit, consumed; nobody waits for it. */
  refresh: cost({
    atOnce: 3,
    awaited: 7,
    awaitedOfRedis: 5,
    roundTrips: 6,
    commands: 15,
    writes: 10,
    messages: 1,
    subrequests: 8,
    dispatches: 1,
    cacheOperations: 1,
    redisBytes: 4_800,
  }),
  /** A full batch of one tenant's, consumed. */
  "100 events recorded": cost({
    atOnce: 1,
    awaited: 2,
    awaitedOfRedis: 1,
    roundTrips: 1,
    commands: 4,
    writes: 2,
    subrequests: 2,
    redisBytes: 4_450,
  }),
  /** Of the clock, when there is nothing to be done: every minute, but what rests for longer. */
  "a minute's jobs": cost({
    atOnce: 3,
    awaited: 5,
    awaitedOfRedis: 5,
    roundTrips: 9,
    commands: 13,
    writes: 8,
    subrequests: 10,
    redisBytes: 780,
  }),
  "100 batches of hits recorded": cost({ atOnce: 1, awaited: 1, subrequests: 1 }),
} satisfies Readonly<Record<string, Cost>>;

export type CostClass = keyof typeof COSTS;

/** What goes into one message at the most, and how long an isolate collects it, by the defaults of the settings. */
export const COLLECTED = {
  hits: { most: 1_000, forMs: 2_000 },
  events: { most: 50, forMs: 1_000 },
} as const;
