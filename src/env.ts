import * as v from "valibot";
import { canonicalPostUrl } from "./core/post-url.ts";
import { isUuid } from "./core/uuid7.ts";
import { parseVersioned } from "./core/versioned.ts";
import { windowNames, type WindowOverrides } from "./core/windows.ts";

const Text = v.pipe(v.string(), v.nonEmpty());
const Url = v.pipe(v.string(), v.url());
/** The client of Redis repeats any other URL in its error, and in the `redis://` ones that databases also have is the password. */
const RedisUrl = v.pipe(Url, v.regex(/^https?:\/\/[^\s#$./?]/, "is not of http or https"));
/** A code or a secret goes there: over https, or to one's own machine. */
const ProviderUrl = v.pipe(Url, v.regex(/^(?:https:\/\/|http:\/\/(?:127\.0\.0\.1|localhost)[:/])/, "is not of https"));
const wholeNumber = (otherwise: string) =>
  v.pipe(v.optional(v.string(), otherwise), v.regex(/^\d+$/, "is not a whole number"), v.transform(Number));
const wholeNumbers = (otherwise: string) =>
  v.pipe(
    v.optional(v.string(), otherwise),
    v.regex(/^\d+(?:,\d+)*$/, "is not whole numbers separated by commas"),
    v.transform((text) => text.split(",").map(Number)),
  );
/** Separated by commas. */
const words = v.pipe(
  v.optional(v.string(), ""),
  v.transform((text) =>
    text
      .split(",")
      .map((word) => word.trim())
      .filter((word) => word !== ""),
  ),
);
const flag = (otherwise: "true" | "false") =>
  v.pipe(
    v.optional(v.picklist(["true", "false"]), otherwise),
    v.transform((text) => text === "true"),
  );

/** Keys of 32 bytes in base64, each behind its version. */
const VersionedKeys = v.pipe(
  Text,
  v.regex(/^\d+:[A-Za-z0-9+/]{43}=(?:,\d+:[A-Za-z0-9+/]{43}=)*$/, "is not <version>:<base64 of 32 bytes>"),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    try {
      return parseVersioned(dataset.value);
    } catch {
      addIssue({ message: "repeats a version" });
      return NEVER;
    }
  }),
);

const Window = v.object({
  freshMs: v.pipe(v.number(), v.integer(), v.minValue(0)),
  staleMs: v.pipe(v.number(), v.integer(), v.minValue(0)),
});
const Windows = v.pipe(v.optional(v.string(), "{}"), v.parseJson(), v.record(v.picklist(windowNames), Window));

const PostUrl = v.pipe(
  v.optional(v.string(), "https://www.tiktok.com/@scout2015/video/6718335390845095173"),
  v.check((text) => canonicalPostUrl(text) !== undefined, "is not the URL of a post"),
  v.transform((text) => canonicalPostUrl(text) ?? text),
);

/** The reservation reads every dispatch of a key's last minute. */
const MOST_CAP = 2_000;
const DAY_MS = 86_400_000;
/** A month and the 35 days after it in which its usage may still come. The policies of Postgres let nothing younger be deleted. */
const LEAST_RETAINED_DAYS = 66;

/** Every setting of the Worker. README, "Settings", says what each means; durations are milliseconds, sizes bytes. */
const Settings = v.object({
  UPSTREAM_URL: Url,
  TIKLIVE_KEY: v.pipe(
    words,
    v.check((keys) => new Set(keys).size === keys.length, "repeats a key"),
  ),
  PLATFORM_KEY_CAPS: v.pipe(
    wholeNumbers("200"),
    v.everyItem((cap) => cap > 0 && cap <= MOST_CAP, `has a cap of 0, or above ${MOST_CAP}`),
  ),
  PLATFORM_KEY_OUT_MS: v.pipe(wholeNumber("60000"), v.minValue(1)),
  UPSTREAM_PER_SECOND: v.pipe(wholeNumber("50"), v.minValue(1)),
  OWN_KEY_CAP: v.pipe(wholeNumber("200"), v.minValue(1), v.maxValue(MOST_CAP)),
  CAP_WINDOW_MS: v.pipe(wholeNumber("60000"), v.minValue(1)),
  DISPATCH_JITTER_MS: wholeNumber("300"),
  CAPACITY_WAIT_MS: v.pipe(wholeNumber("3000"), v.maxValue(10_000)),
  COOL_DOWN_MS: v.pipe(wholeNumber("10000"), v.minValue(1)),
  COOL_DOWN_MOST_MS: v.pipe(wholeNumber("60000"), v.minValue(1)),
  BREAKER_FAILURES: v.pipe(wholeNumber("5"), v.minValue(1)),
  BREAKER_REST_MS: v.pipe(wholeNumber("5000"), v.minValue(1)),
  RETRY_CREDITS: wholeNumber("10"),
  RETRY_PERCENT: wholeNumber("10"),
  RETRY_PAUSE_MS: wholeNumber("200"),
  LEASE_MS: v.pipe(wholeNumber("3000"), v.minValue(1)),
  LEASE_RENEW_MS: v.pipe(wholeNumber("1000"), v.minValue(1)),
  STORED_NOTE_MS: wholeNumber("10000"),
  FAILURE_NOTE_MS: wholeNumber("2000"),
  DERIVE: v.pipe(
    v.optional(v.picklist(["on", "off"]), "on"),
    v.transform((text) => text === "on"),
  ),
  STALE_IF_ERROR_MS: wholeNumber("86400000"),
  REFRESH_AGAIN_MS: v.pipe(wholeNumber("10000"), v.minValue(1)),
  JOIN_MS: v.pipe(wholeNumber("50"), v.minValue(1)),
  JOIN_MOST_MS: v.pipe(wholeNumber("400"), v.minValue(1)),
  // With the longest deadline after it, and the settling after that, it is within the 30 s of the platform.
  FAILOVER_MS: v.pipe(wholeNumber("5000"), v.maxValue(5_000)),
  PLATFORM_DOWNLOAD_TIER: flag("true"),
  // The platform ends what is left behind a response 30 s after a client left: settling must fit in as well.
  UPSTREAM_DEADLINE_MS: v.pipe(wholeNumber("10000"), v.maxValue(20_000)),
  UPSTREAM_MAX_BODY_BYTES: wholeNumber("5242880"),
  CHARGE_NOT_FOUND: flag("true"),
  CREDITS_HEADER: v.optional(Text, "x-credits-charged"),
  UPSTASH_REDIS_REST_URL: RedisUrl,
  UPSTASH_REDIS_REST_TOKEN: Text,
  LEDGER_REDIS_REST_URL: v.optional(RedisUrl),
  LEDGER_REDIS_REST_TOKEN: v.optional(Text),
  REDIS_WAIT_MS: wholeNumber("300"),
  REDIS_COMMAND_MS: wholeNumber("2000"),
  REDIS_REST_MS: wholeNumber("1000"),
  DATABASE_URL_RW: Text,
  DATABASE_URL_AUTH: Text,
  DATABASE_URL_OPS: Text,
  NEON_SQL_ENDPOINT: v.optional(Url),
  DATABASE_TIMEOUT_MS: wholeNumber("5000"),
  DATABASE_REST_MS: wholeNumber("2000"),
  KEY_PEPPERS: VersionedKeys,
  KEY_ENCRYPTION_KEYS: VersionedKeys,
  ADMIN_TOKEN: v.pipe(v.string(), v.minLength(8, "is shorter than 8 characters")),
  OIDC_ISSUER: v.optional(Text),
  OIDC_AUDIENCE: v.optional(Text),
  OIDC_JWKS_URL: v.optional(Url),
  OIDC_CLIENT_ID: v.optional(Text),
  OIDC_CLIENT_SECRET: v.optional(Text),
  OIDC_AUTHORIZATION_URL: v.optional(ProviderUrl),
  OIDC_TOKEN_URL: v.optional(ProviderUrl),
  OIDC_TIMEOUT_MS: wholeNumber("3000"),
  OIDC_REST_MS: wholeNumber("30000"),
  NAMESPACE_VERSION: v.optional(Text, "1"),
  WINDOWS: Windows,
  PUBLIC_TENANT: v.pipe(
    v.optional(v.string(), ""),
    v.check((id) => id === "" || isUuid(id), "is not a tenant's id"),
    v.transform((id) => (id === "" ? undefined : id)),
  ),
  WARM_BUDGET: wholeNumber("20"),
  WARM_MIN_HITS: v.pipe(wholeNumber("2"), v.minValue(1)),
  WARM_KEYWORDS: v.pipe(words, v.maxLength(20)),
  WARM_AGAIN_MS: wholeNumber("300000"),
  PAGES_PER_ADDRESS: v.pipe(wholeNumber("30"), v.minValue(1)),
  PAGES_COLD_PER_MINUTE: v.pipe(wholeNumber("60"), v.minValue(1)),
  HOT_HALF_LIFE_MS: v.pipe(wholeNumber("1800000"), v.minValue(1)),
  // The platform ends what is left behind a response after 30 s: the counts must be sent by then.
  HOT_FLUSH_MS: v.pipe(wholeNumber("20000"), v.maxValue(25_000)),
  MEMORY_BYTES: v.pipe(wholeNumber("33554432"), v.minValue(1)),
  MEMORY_MS: wholeNumber("60000"),
  OUTAGE_MS: wholeNumber("900000"),
  KEY_FRESH_MS: wholeNumber("10000"),
  KEY_OUTAGE_MS: wholeNumber("600000"),
  KEY_ABSENT_MS: wholeNumber("10000"),
  ORIGIN_MS: wholeNumber("60000"),
  CONFIRM_AFTER_MS: wholeNumber("500"),
  CONFIRM_MS: wholeNumber("1000"),
  HITS_FLUSH_MS: wholeNumber("2000"),
  // Each of them may be of another key, and a batch with more than a thousand is taken for damage (core/messages.ts).
  HITS_FLUSH_COUNT: v.pipe(wholeNumber("1000"), v.maxValue(1_000)),
  // The platform ends what is left behind a response after 30 s, and settling before may have taken some.
  EVENTS_FLUSH_MS: v.pipe(wholeNumber("1000"), v.maxValue(10_000)),
  EVENTS_FLUSH_COUNT: v.pipe(wholeNumber("50"), v.minValue(1)),
  HEALTH_MS: wholeNumber("5000"),
  SESSION_MS: v.pipe(wholeNumber("3600000"), v.minValue(1)),
  SESSION_MOST_MS: v.pipe(wholeNumber("43200000"), v.minValue(1)),
  SETTLE_AGAIN_MS: wholeNumbers("200,1000"),
  PROBE_POST_URL: PostUrl,
  PROBING_MS: wholeNumber("60000"),
  KEY_RETIRE_MS: wholeNumber("15000"),
  STRIKE_MS: v.pipe(wholeNumber("600000"), v.minValue(1)),
  CHECK_KEY_MS: wholeNumber("10000"),
  MANY_KEYS: v.pipe(wholeNumber("3"), v.minValue(1)),
  REWRAP_AT_ONCE: v.pipe(wholeNumber("100"), v.minValue(1), v.maxValue(300)),
  MANY_KEYS_MS: v.pipe(wholeNumber("60000"), v.minValue(1)),
  ABANDONED_MS: wholeNumber("120000"),
  UNRECORDED_MS: wholeNumber("60000"),
  LATE_EVENTS_MS: v.pipe(wholeNumber("3024000000"), v.minValue(1)),
  RETAIN_USAGE_DAYS: v.pipe(wholeNumber("400"), v.minValue(LEAST_RETAINED_DAYS)),
  RETAIN_EVENTS_DAYS: v.pipe(wholeNumber("90"), v.minValue(32)),
  CRON_LEASE_MS: v.pipe(wholeNumber("30000"), v.minValue(1)),
  RECONCILE_MS: wholeNumber("300000"),
  INVOICE_CLOSE_MS: wholeNumber("259200000"),
  UPSTREAM_CENTS_PER_THOUSAND: wholeNumber("10"),
  BALANCE_ALERT_CREDITS: wholeNumber("5000"),
  BALANCE_WATCH_MS: wholeNumber("600000"),
  WEBHOOK_TARGETS: v.optional(v.picklist(["public", "any"]), "public"),
  WEBHOOK_DEADLINE_MS: wholeNumber("10000"),
  WEBHOOK_RETRY_MS: wholeNumber("5000"),
  WEBHOOK_ATTEMPTS: v.pipe(wholeNumber("12"), v.minValue(1)),
  WEBHOOK_OVERDUE_MS: wholeNumber("60000"),
});

/** Half a setting would be silently none, and money would stand in a cache that evicts. A cap too many belongs to a key that is missing. */
const Checked = v.pipe(
  Settings,
  v.forward(
    v.partialCheck(
      [["LEDGER_REDIS_REST_URL"], ["LEDGER_REDIS_REST_TOKEN"]],
      (given) => (given.LEDGER_REDIS_REST_URL === undefined) === (given.LEDGER_REDIS_REST_TOKEN === undefined),
      "goes with LEDGER_REDIS_REST_TOKEN",
    ),
    ["LEDGER_REDIS_REST_URL"],
  ),
  v.forward(
    v.partialCheck(
      [["TIKLIVE_KEY"], ["PLATFORM_KEY_CAPS"]],
      (given) => given.PLATFORM_KEY_CAPS.length <= Math.max(1, given.TIKLIVE_KEY.length),
      "has more caps than there are keys",
    ),
    ["PLATFORM_KEY_CAPS"],
  ),
  v.forward(
    v.partialCheck(
      [["OIDC_ISSUER"], ["OIDC_AUDIENCE"], ["OIDC_JWKS_URL"]],
      ({ OIDC_ISSUER, OIDC_AUDIENCE, OIDC_JWKS_URL }) =>
        new Set([OIDC_ISSUER, OIDC_AUDIENCE, OIDC_JWKS_URL].map((text) => text === undefined)).size === 1,
      "goes with OIDC_AUDIENCE and OIDC_JWKS_URL",
    ),
    ["OIDC_ISSUER"],
  ),
  v.forward(
    v.partialCheck(
      [["OIDC_CLIENT_ID"], ["OIDC_AUTHORIZATION_URL"], ["OIDC_TOKEN_URL"], ["OIDC_ISSUER"]],
      ({ OIDC_CLIENT_ID, OIDC_AUTHORIZATION_URL, OIDC_TOKEN_URL, OIDC_ISSUER }) => {
        const given = [OIDC_CLIENT_ID, OIDC_AUTHORIZATION_URL, OIDC_TOKEN_URL].filter((text) => text !== undefined);
        return given.length === 0 || (given.length === 3 && OIDC_ISSUER !== undefined);
      },
      "goes with OIDC_AUTHORIZATION_URL, OIDC_TOKEN_URL and OIDC_ISSUER",
    ),
    ["OIDC_CLIENT_ID"],
  ),
  v.forward(
    v.partialCheck(
      [["WARM_KEYWORDS"], ["PUBLIC_TENANT"]],
      ({ WARM_KEYWORDS, PUBLIC_TENANT }) => WARM_KEYWORDS.length === 0 || PUBLIC_TENANT !== undefined,
      "goes with PUBLIC_TENANT: nobody else pays for what nobody asked for",
    ),
    ["WARM_KEYWORDS"],
  ),
  v.forward(
    v.partialCheck(
      [["LEASE_MS"], ["LEASE_RENEW_MS"]],
      ({ LEASE_MS, LEASE_RENEW_MS }) => LEASE_RENEW_MS < LEASE_MS,
      "is not above LEASE_RENEW_MS: a lease would end while its call is under way, and the same would be paid twice",
    ),
    ["LEASE_MS"],
  ),
  v.forward(
    v.partialCheck(
      [["KEY_FRESH_MS"], ["KEY_RETIRE_MS"]],
      ({ KEY_FRESH_MS, KEY_RETIRE_MS }) => KEY_RETIRE_MS > KEY_FRESH_MS,
      "is not above KEY_FRESH_MS: a record that still counts would pay with a retired key",
    ),
    ["KEY_RETIRE_MS"],
  ),
  v.forward(
    v.partialCheck(
      [["LATE_EVENTS_MS"], ["RETAIN_USAGE_DAYS"]],
      ({ LATE_EVENTS_MS, RETAIN_USAGE_DAYS }) => LATE_EVENTS_MS <= (RETAIN_USAGE_DAYS - 31) * DAY_MS,
      "is not a month below RETAIN_USAGE_DAYS: what was deleted could be counted a second time",
    ),
    ["LATE_EVENTS_MS"],
  ),
);

/** The names of all settings. */
export const settingNames: readonly string[] = Object.keys(Settings.entries);

export type Config = Readonly<Omit<v.InferOutput<typeof Settings>, "WINDOWS">> & { readonly WINDOWS: WindowOverrides };

/** Reads bindings and vars once. Throws an error that says of every setting that is missing or wrong what is, and never repeats a value. */
export function readConfig(env: Env): Config {
  const read = v.safeParse(Checked, env);
  if (read.success) return Object.freeze(read.output);
  const wrong = read.issues.map((issue) => `${String(issue.path?.[0]?.key)} ${whatIsWrong(issue)}`);
  throw new Error(`settings are missing or wrong: ${wrong.join("; ")}`);
}

/** In the words of the settings' own checks; those of the library repeat what was given. */
function whatIsWrong({ received, type, message }: v.BaseIssue<unknown>): string {
  if (received === "undefined") return "is missing";
  return message.startsWith("Invalid ") ? `is wrong (${type})` : message;
}
