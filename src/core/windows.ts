import type { Call, Endpoint, WindowClass } from "./catalogue.ts";
import type { Entry } from "./entry.ts";
import { earliestExpiryMs } from "./media-expiry.ts";
import type { Outcome } from "./charge.ts";

/** How long an answer is fresh, and how long after that it may be served stale. */
export type Windows = { readonly freshMs: number; readonly staleMs: number };

/** A row of the table of windows. */
export type WindowName = Exclude<WindowClass, "download"> | "not-found" | "empty";

export type WindowOverrides = Readonly<Partial<Record<WindowName, Windows>>>;

type EntryWindows = Pick<Entry, "kind" | "windows" | "freshMs" | "staleMs" | "errorMs">;

type Ages = Pick<Entry, "fetchedAtMs" | "freshMs" | "staleMs" | "errorMs">;

type Answered = {
  readonly endpoint: Endpoint;
  readonly call: Call;
  readonly outcome: Outcome;
  readonly json: unknown;
  readonly fetchedAtMs: number;
  readonly overrides: WindowOverrides;
  /** How long after its freshness an answer may stand in for a failure, milliseconds (RFC 5861, section 4). */
  readonly staleIfErrorMs: number;
  /** Whether the upstream key that paid gets media links: then a post without any is a passing fault and not an answer to keep. */
  readonly expectsLinks: boolean;
};

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Fresh for so long, and stale as long again unless said otherwise. */
const both = (freshMs: number, staleMs = freshMs): Windows => ({ freshMs, staleMs });

const WINDOWS: Readonly<Record<WindowName, Windows>> = {
  "region-list": both(7 * DAY, DAY),
  "music-info": both(DAY),
  userid: both(DAY),
  "challenge-info": both(4 * HOUR),
  "playlist-info": both(6 * HOUR),
  "collection-info": both(6 * HOUR),
  "post-detail": both(6 * HOUR, HOUR),
  userinfo: both(HOUR),
  feed: both(15 * MINUTE),
  "slow-feed": both(30 * MINUTE),
  "search-video": both(5 * MINUTE),
  "user-stories": both(5 * MINUTE),
  "post-comments": both(5 * MINUTE),
  "post-comment-replies": both(10 * MINUTE),
  "ads-detail": both(HOUR),
  "not-found": both(5 * MINUTE, 0),
  empty: both(MINUTE, 0),
};

/** The names by which windows can be overridden. */
export const windowNames = Object.keys(WINDOWS) as WindowName[];

/** The windows of every class, as this deployment has them. */
export function usualWindows(overrides: WindowOverrides): Readonly<typeof WINDOWS> {
  return { ...WINDOWS, ...overrides };
}

const COLD_COMMENTS = both(HOUR);
const COLD_AFTER_MS = DAY;

/** A link handed out must live long enough to be used. */
const EXPIRY_MARGIN_MS = MINUTE;

/** However soon its links expire, an answer is kept for those who wait for this very fetch: they would pay for the same links again. */
const SHARED_FETCH_MS = 2 * SECOND;

/** How long a reply may be kept and as what, or null for what is never kept: errors, hollow answers, and every download. */
export function windowsFor(answered: Answered): EntryWindows | null {
  const { endpoint, outcome, overrides } = answered;
  if (endpoint.windows === "download") return null;
  const of = (windows: WindowName) => overrides[windows] ?? WINDOWS[windows];
  if (outcome === "not_found") return kept(answered, { kind: "negative", windows: "not-found", ...of("not-found") });
  if (outcome === "empty") return kept(answered, { kind: "answer", windows: "empty", ...of("empty") });
  if (outcome !== "success" || (endpoint.windows === "post-detail" && lacksLinks(answered))) return null;
  const usual = successWindows(endpoint.windows, answered);
  return kept(answered, { kind: "answer", windows: endpoint.windows, ...usual });
}

/**
 * Longer than any entry lives, milliseconds. The table's windows count beside those that override them: what was kept before a deploy lives
 * by the windows of before.
 */
export function longestKeptMs(overrides: WindowOverrides, staleIfErrorMs: number): number {
  const all = [...Object.values(WINDOWS), ...Object.values(overrides)];
  return Math.max(...all.map(({ freshMs, staleMs }) => freshMs + staleMs)) + staleIfErrorMs + DAY;
}

/** Whoever gets nothing stale gets nothing staler either when the upstream fails. */
function kept({ endpoint, json, fetchedAtMs, staleIfErrorMs }: Answered, windows: Omit<EntryWindows, "errorMs">) {
  const errorMs = windows.staleMs === 0 ? 0 : Math.max(windows.staleMs, staleIfErrorMs);
  return endpoint.windows === "post-detail"
    ? untilExpiry({ ...windows, errorMs }, earliestExpiryMs(json, fetchedAtMs) - fetchedAtMs)
    : { ...windows, errorMs };
}

/** `last-resort`: only in place of a failure or a refusal. */
type Freshness = "fresh" | "stale" | "last-resort" | "expired";

/** All windows end exclusively. */
export function freshness({ fetchedAtMs, freshMs, staleMs, errorMs }: Ages, nowMs: number): Freshness {
  const ageMs = nowMs - fetchedAtMs;
  if (ageMs < freshMs) return "fresh";
  if (ageMs < freshMs + staleMs) return "stale";
  return ageMs < freshMs + errorMs ? "last-resort" : "expired";
}

/** The ages of an entry for a tenant that wants it newer: windows of its own end earlier, never later. */
export function tightened(entry: Ages & Pick<Entry, "windows">, own: WindowOverrides): Ages {
  const tighter = own[entry.windows];
  if (tighter === undefined) return entry;
  const { fetchedAtMs } = entry;
  const freshMs = Math.min(entry.freshMs, tighter.freshMs);
  const staleMs = Math.min(entry.freshMs + entry.staleMs - freshMs, tighter.staleMs);
  const errorMs = staleMs === 0 ? 0 : entry.freshMs + entry.errorMs - freshMs;
  return { fetchedAtMs, freshMs, staleMs, errorMs };
}

/** How much longer an entry is of any use, milliseconds; zero or less when it is of none. */
export function retainedMs({ fetchedAtMs, freshMs, staleMs, errorMs }: Ages, nowMs: number): number {
  return fetchedAtMs + freshMs + Math.max(staleMs, errorMs) - nowMs;
}

/** A post of photos has pictures where a video has links. */
function lacksLinks({ json, expectsLinks }: Answered): boolean {
  return expectsLinks && ["play", "wmplay", "hdplay", "images"].every((name) => isVoid(field(json, name)));
}

function isVoid(value: unknown): boolean {
  return value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

function successWindows(
  windows: Exclude<WindowClass, "download">,
  { call, json, fetchedAtMs, overrides }: Answered,
): Windows {
  const given = overrides[windows];
  const usual = given ?? WINDOWS[windows];
  if (windows === "post-comments") return given ?? (areCold(call, json, fetchedAtMs) ? COLD_COMMENTS : usual);
  return windows === "search-video" && isSortedByDate(call) ? { ...usual, staleMs: 0 } : usual;
}

/** Cuts all windows off before the first media URL dies: stale text would do, a dead link does not. */
function untilExpiry(entry: EntryWindows, livesMs: number): EntryWindows {
  const { freshMs, staleMs, errorMs } = entry;
  const boundMs = Math.max(livesMs - EXPIRY_MARGIN_MS, Math.min(SHARED_FETCH_MS, freshMs));
  const boundFreshMs = Math.min(freshMs, boundMs);
  const restMs = boundMs - boundFreshMs;
  return { ...entry, freshMs: boundFreshMs, staleMs: Math.min(staleMs, restMs), errorMs: Math.min(errorMs, restMs) };
}

/** Who searches by date searches for what is new. */
function isSortedByDate({ params }: Call): boolean {
  return params.some(([name, value]) => name === "sort_by" && value === "2");
}

/** Only the first page tells: the newest comment is on it, and later pages are old on every post. */
function areCold({ params }: Call, json: unknown, nowMs: number): boolean {
  if (params.some(([name]) => name === "cursor")) return false;
  const newest = createTimes(json).reduce((newest, time) => Math.max(newest, time), -Infinity);
  return Number.isFinite(newest) && nowMs - newest * SECOND > COLD_AFTER_MS;
}

function createTimes(json: unknown): readonly number[] {
  const comments = field(json, "comments");
  if (!Array.isArray(comments)) return [];
  return comments
    .map((comment: unknown) => Number(field(comment, "create_time") ?? Number.NaN))
    .filter(Number.isFinite);
}

function field(json: unknown, name: string): unknown {
  return typeof json === "object" && json !== null && Object.hasOwn(json, name) ? Reflect.get(json, name) : undefined;
}
