import type { Call } from "./catalogue.ts";
import type { Stored } from "./entry.ts";
import type { PlatformKeyView } from "./resources.ts";
import type { KeyRecord, SealedUpstreamKey } from "./tenant.ts";
import type { Candidate, Failure } from "./ledger.ts";
import type { PurgedAt } from "./purge.ts";
import type { HitBatch, HitCount, ServedRequest, Usage, UsageEvent } from "./usage.ts";

/** Where one call's answer is kept. `digest` is computed when first asked for: a memory hit never needs it. */
export type AnswerKey = {
  readonly identity: string;
  readonly namespaceVersion: string;
  readonly scope: string;
  readonly endpoint: string;
  /** What the call asks about, e.g. `user:107955`: purging by subject finds its answers by these. */
  readonly subjects: readonly string[];
  digest(): Promise<string>;
};

export type Lookup =
  | { readonly kind: "found"; readonly stored: Stored }
  | { readonly kind: "absent" }
  | { readonly kind: "unavailable" };

/** Keeps entries outside the isolate. Never throws: a store that does not answer in time is `unavailable`, a lost write is logged. */
export type AnswerStore = {
  get(key: AnswerKey): Promise<Lookup>;
  /** Keeps the entry for a while; may forget it at any time. Whether it is still fit to serve is the reader's to check. */
  put(key: AnswerKey, stored: Stored): Promise<void>;
};

/** As `Lookup`, with what was purged of the entry. */
export type SharedLookup =
  | Exclude<Lookup, { kind: "found" }>
  | { readonly kind: "found"; readonly stored: Stored; readonly purged: PurgedAt };

/**
 * Keeps entries for all colos, in Redis, and what was purged of them. Throws only where it says so: a read that is not answered in time is
 * `unavailable`, a lost write is logged.
 */
export type SharedAnswers = {
  /** `views`: in whose eyes it may have been purged, see `purge.ts`. What is `alongside` is asked in the same breath, and told before this resolves. */
  get(key: AnswerKey, views: readonly string[], alongside?: readonly Alongside[]): Promise<SharedLookup>;
  put(key: AnswerKey, stored: Stored): Promise<void>;
  /** Keeps what an answer told beside itself. */
  putBeside(beside: Beside): Promise<void>;
  /**
   * The other subject that is the same thing, if that is known. Throws `Unavailable` when Redis does not answer: who purges one of them must
   * not take that for there being no other.
   */
  linked(scope: string, subject: string): Promise<string | undefined>;
};

/** What a question to Redis can bring along, since one command reads any number of values. One is told once, and for one request. */
export type Alongside = {
  readonly names: readonly string[];
  /** Whether the time of Redis is to be told, which is a command more. */
  readonly wantsTime: boolean;
  /** Told the values by their names, all of one moment after `askedAtMs` by the isolate's clock. Not told when Redis did not answer. */
  heard(
    values: readonly (string | null)[],
    at: { readonly askedAtMs: number; readonly redisMs: number | undefined },
  ): void;
};

/** What an answer in a scope told beside itself. */
export type Beside = {
  readonly scope: string;
  /** Answers to other calls: each is kept unless there is one that was fetched no earlier. */
  readonly answers: readonly { readonly key: AnswerKey; readonly stored: Stored }[];
  /** Two subjects that were proven to be one thing, `user:107955` and `user:@tiktok`: known for some days. */
  readonly aliases: readonly [string, string] | undefined;
};

/** Keeps entries in the isolate, bounded by bytes, least recently used out first. Synchronous: a hit awaits nothing. */
export type AnswerMemory = {
  get(identity: string): Stored | undefined;
  put(stored: Stored): void;
};

export type UpstreamReply =
  | {
      readonly kind: "complete";
      readonly status: number;
      readonly contentType: string;
      readonly retryAfter: string | null;
      /** What the upstream says that it took, credits; null when it says nothing. */
      readonly credits: number | null;
      /** When the status came, Unix milliseconds: an answer's age counts from here. */
      readonly answeredAtMs: number;
      readonly body: Uint8Array;
    }
  /** `status` is 0 when none came. */
  | {
      readonly kind: "failed";
      readonly reason: "timeout" | "thrown" | "truncated" | "oversized" | "redirect";
      readonly status: number;
    };

/**
 * Sends one call with one upstream key. Never throws, never follows a redirect, never retries; ends within `deadlineMs`, the body included. The runtime may
 * send a GET again by itself when a kept-alive connection breaks before the reply, and tells nobody.
 */
export type Upstream = { send(call: Call, upstreamKey: string, deadlineMs: number): Promise<UpstreamReply> };

/** Which upstream key pays: one of the platform's, or the tenant's own. */
export type UpstreamKeyRef =
  | { readonly kind: "platform" }
  | { readonly kind: "byo"; readonly sealed: SealedUpstreamKey }
  /** A BYO tenant without a valid key: nobody pays, the platform least of all. */
  | { readonly kind: "none" };

/** A candidate with its key in clear. */
export type OpenedKey = Candidate & {
  readonly owner: "platform" | "tenant";
  readonly secret: string;
};

/** Opens upstream keys. The clear key lives in isolate memory only, 60 s at most. */
export type UpstreamKeys = {
  /** All of the platform's keys, or the tenant's own. `unavailable`: none is configured, or the sealed key does not open. */
  open(
    ref: UpstreamKeyRef,
  ): Promise<{ readonly kind: "opened"; readonly keys: readonly OpenedKey[] } | { readonly kind: "unavailable" }>;
};

/** What stands against upstream keys, by the ledger's clock; reservations heed it. All throw `Unavailable` when Redis does not answer. */
export type KeyMarks = {
  /** The upstream said 429: nobody reserves on the key for so long. While it rests, another report changes nothing. */
  coolDown(id: string, ms: number): Promise<void>;
  /** The upstream failed; so many times in a row, and nobody but one request at a time reserves on the key for a while. */
  noteFailure(id: string): Promise<void>;
  /**
   * Takes back what stood against the key when a dispatch was reserved that has been served since. What is known of it only since then stays:
   * who was on the way proves nothing against it.
   */
  clear(id: string, reservedAtMs: number): Promise<void>;
};

/** Credits that an isolate may spend on asking again, so that retries never multiply what an upstream in trouble gets. */
export type RetryBudget = {
  /** A request was begun: a part of its credits may go into retries. */
  earn(credits: number): void;
  /** Whether there was enough left; then it is taken. */
  take(credits: number): boolean;
};

/** Which platform keys are in use, by the ledger's clock. Throws `Unavailable` when Redis does not answer. */
export type PlatformKeys = {
  /** In the order of the settings. */
  list(): Promise<readonly PlatformKeyView[]>;
  /**
   * Takes a key out for a while. True for the first report since the key last served or was put back: the operator is told of that one.
   * While the key is out, another report changes nothing.
   */
  takeOut(id: string, reason: string): Promise<boolean>;
  /** Puts a key back in. False when the platform has no key of this id. */
  restore(id: string): Promise<boolean>;
};

export type KeyLookup =
  | { readonly kind: "found"; readonly record: KeyRecord }
  | { readonly kind: "absent" }
  | { readonly kind: "unavailable" };

export type OriginLookup = "known" | "unknown" | "unavailable";

export type KeyDirectory = {
  /** Finds a gateway key by its public id. `absent` only when Postgres said so. */
  find(keyId: string): Promise<KeyLookup>;
  /** Whether some publishable key that is good now names this web origin. */
  knowsOrigin(origin: string): Promise<OriginLookup>;
};

/** Remembers key records outside the isolate, so that known keys work while Postgres is down. */
export type KeyRecordCache = {
  get(keyId: string): Promise<KeyLookup>;
  /** The same along with another question. `told` is nothing before that was answered. */
  alongside(keyId: string): Alongside & { told(): KeyLookup | undefined };
  put(record: KeyRecord): Promise<void>;
  /** Forgets a key that Postgres does not know any more. */
  drop(keyId: string): Promise<void>;
};

/** That Postgres did not know an id, and when it said so, Unix milliseconds. */
export type AbsentKey = { readonly kind: "absent"; readonly readAtMs: number };

/** Key records in the isolate. Synchronous; bounded, so anything may be forgotten at any time. */
export type KeyMemory = {
  get(keyId: string): KeyRecord | AbsentKey | undefined;
  put(record: KeyRecord): void;
  /** Whether it is the caller's turn to read the key again before it is too old: one of the isolate does for all, once a while. */
  mayRenew(keyId: string): boolean;
  /** Remembers for a while that Postgres does not know this id, asked at `readAtMs`. */
  putAbsent(keyId: string, readAtMs: number): void;
  /** Whether nobody has asked this of the key on this day before, as far as is remembered. */
  isFirstUse(keyId: string, day: string): boolean;
};

/** Which web origins publishable keys name, in the isolate: for a while, and bounded. */
export type OriginMemory = {
  /** Nothing when it is not remembered. */
  knows(origin: string): boolean | undefined;
  put(origin: string, known: boolean): void;
};

/**
 * What the requests of an isolate that wait for the same call tell each other. Synchronous and bounded, so anything may be forgotten; a
 * promise of one request is never awaited by another.
 */
export type Waits = {
  /** Whether it is the caller's turn to ask Redis for all who wait for this: one is enough within `everyMs`. */
  mayAsk(identity: string, everyMs: number): boolean;
  /** Whoever had the turn has got what it asked for: the next one need not wait. */
  endTurn(identity: string): void;
  /** Tells the others how the fetch failed. */
  noteFailure(identity: string, failure: Failure): void;
  /** What was told of it a moment ago. */
  failure(identity: string): Failure | undefined;
};

/** Which entry is to be refreshed, for whom, and in which scope. */
export type RefreshMessage = {
  readonly kind: "refresh";
  /** The call in canonical form, as path and query. */
  readonly path: string;
  /** Who pays. */
  readonly tenantId: string;
  /** Whose answers. */
  readonly scope: string;
  /** When the entry was fetched that was found past its time, Unix milliseconds; null where none was found. Another one needs no refresh. */
  readonly seenMs: number | null;
  /** When nobody can make use of it any more, Unix milliseconds. */
  readonly untilMs: number;
  readonly priority: "refresh" | "warm";
};

/** Sends refreshes on their way. Delivery is at least once and in any order; throws when they were not accepted. */
export type RefreshQueue = { send(messages: readonly RefreshMessage[]): Promise<void> };

/** Whose turn it is to ask for a refresh, over all isolates. */
export type RefreshTurns = {
  /** True once within a while for each answer. Throws `Unavailable` when Redis does not answer. */
  take(digest: string): Promise<boolean>;
};

/** Counts cache hits. At most once: a count may be lost, never doubled. */
export type HitCounter = { add(tenantId: string, count: HitCount, background: Background): void };

/** Counts what is served to gateway keys, hits among them, in the same way. What it cost is said here a second time, and is not the books. */
export type RequestCounter = { addRequest(tenantId: string, request: ServedRequest, background: Background): void };

export type RateDecision =
  | { readonly kind: "allowed"; readonly limit: number; readonly remaining: number; readonly resetAtMs: number }
  | { readonly kind: "refused"; readonly limit: number; readonly remaining: 0; readonly resetAtMs: number }
  /** The limiter did not answer: the caller goes on and states no figures. */
  | { readonly kind: "unavailable" };

/** A token bucket: `refill` tokens come every `everyMs`, until it holds `capacity`. */
export type Bucket = { readonly capacity: number; readonly refill: number; readonly everyMs: number };

/** One bucket that a request takes a token of. `policy` is what clients know it by, `name` what the limiter does. */
export type Limit = { readonly policy: "burst" | "key" | "control"; readonly name: string; readonly bucket: Bucket };

/** What a limit decided on a request. */
export type Rate = Omit<Limit, "name"> & { readonly decision: RateDecision };

/** What a bucket held at a time, Unix milliseconds: since then it was refilled. */
export type BucketLevel = { readonly tokens: number; readonly atMs: number };

/** Token buckets by name, one for all isolates. */
export type RateLimiter = {
  /** Takes `tokens`, all or none of them; one unless said otherwise. */
  take(name: string, bucket: Bucket, tokens?: number): Promise<RateDecision>;
};

/** The same buckets, of which an isolate takes some tokens in advance, so that not every request has to ask for its own. */
export type LeasedLimiter = {
  /** Takes a token that the isolate holds, without waiting; undefined when it holds none. */
  takeHeld(name: string, bucket: Bucket, background: Background): RateDecision | undefined;
  /** Takes one from the bucket itself, and perhaps some more to hold. */
  take(name: string, bucket: Bucket): Promise<RateDecision>;
};

/** Reads the same buckets and takes nothing. Undefined when the limiter does not answer. */
export type BucketGauge = { peek(name: string, bucket: Bucket): Promise<BucketLevel | undefined> };

/** Bounds requests without a valid key per client address. Local to a colo; when in doubt it allows. */
export type AddressLimiter = { allows(address: string): Promise<boolean> };

/** Sends usage on its way, in as few messages as carry it. Delivery is at least once and in any order; throws when not all of it was accepted. */
export type UsageQueue = { send(usage: readonly Usage[]): Promise<void> };

/**
 * Sends settled events on their way, those of several requests together. Resolves when the caller may end: its event was sent, or will be by
 * another request. Never throws: what does not get on its way is in the outbox.
 */
export type EventSender = { send(event: UsageEvent): Promise<void> };

export type Recording =
  /** `announce`: the events that webhooks are to hear of because of it. */
  | { readonly kind: "recorded"; readonly announce: readonly string[] }
  /** Something among it can never be recorded, so nothing was. The reason names what is wrong and repeats no value. */
  | { readonly kind: "refused"; readonly reason: string };

/**
 * Adds usage to the books, all that is given or nothing. Adding the same id twice is a no-op: queues deliver at least once. Throws when
 * the books do not answer: the same may be recorded later, and may have been recorded already.
 */
export type UsageLedger = {
  addEvents(tenantId: string, events: readonly UsageEvent[]): Promise<Recording>;
  addHits(tenantId: string, batches: readonly HitBatch[]): Promise<Recording>;
};

/** A message that can never be recorded, kept for a person to look at. */
export type DeadMessage = {
  readonly id: string;
  readonly queue: string;
  readonly reason: string;
  readonly body: unknown;
};

/** Keeps dead messages. Burying the same id twice is a no-op. */
export type Graveyard = { bury(messages: readonly DeadMessage[]): Promise<void> };

/** One part that the gateway stands on. */
export type Part = { readonly name: string; ping(): Promise<boolean> };

export type Log = {
  info(event: string, fields?: Readonly<Record<string, unknown>>): void;
  error(event: string, fields?: Readonly<Record<string, unknown>>): void;
};

/**
 * How long one request may wait for Redis, over all its commands together: a slow Redis must not cost a request its budget once for
 * each step. `otherwise` is what the step goes on with when the budget is spent.
 */
export type WaitBudget = {
  within<T>(work: () => Promise<T>, otherwise: T, of?: "cache" | "ledger"): Promise<T>;
};

/** Moves a promise's end behind the response; the platform keeps the isolate for it. */
export type Background = (promise: Promise<unknown>) => void;
