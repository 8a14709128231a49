import { neonAlerts } from "./adapters/neon-alerts.ts";
import { bufferedAsks } from "./adapters/buffered-asks.ts";
import { bufferedEvents } from "./adapters/buffered-events.ts";
import { bufferedHits } from "./adapters/buffered-hits.ts";
import { coloAddressLimiter } from "./adapters/colo-address-limiter.ts";
import { coloAnswers } from "./adapters/colo-answers.ts";
import { consoleLog } from "./adapters/console-log.ts";
import { fetchWebhook } from "./adapters/fetch-webhook.ts";
import { isolateRetryBudget } from "./adapters/isolate-retry-budget.ts";
import { isolateWaits } from "./adapters/isolate-waits.ts";
import { joseIdentityTokens, noIdentityTokens } from "./adapters/jose-identity-tokens.ts";
import { leasedLimiter } from "./adapters/leased-limiter.ts";
import { memoryAnswers } from "./adapters/memory-answers.ts";
import { memoryTenants } from "./adapters/memory-tenants.ts";
import { memoryKeyRecords, memoryOrigins } from "./adapters/memory-key-records.ts";
import { connect, neonPart } from "./adapters/neon-database.ts";
import { neonDeadMessages } from "./adapters/neon-dead-messages.ts";
import { neonDeliveries } from "./adapters/neon-deliveries.ts";
import { neonGatewayKeys } from "./adapters/neon-gateway-keys.ts";
import { neonGraveyard } from "./adapters/neon-graveyard.ts";
import { neonHashtagHistory } from "./adapters/neon-hashtag-history.ts";
import { neonKeyDirectory } from "./adapters/neon-key-directory.ts";
import { neonAuditLog, neonOutcomes, neonUsers } from "./adapters/neon-people.ts";
import { neonKeyReadings } from "./adapters/neon-key-readings.ts";
import { neonPartitions } from "./adapters/neon-partitions.ts";
import { neonPlatformBooks } from "./adapters/neon-platform-books.ts";
import { neonPlatformLog } from "./adapters/neon-platform-log.ts";
import { neonPurgeLog } from "./adapters/neon-purge-log.ts";
import { neonRetention } from "./adapters/neon-retention.ts";
import { neonSpending } from "./adapters/neon-spending.ts";
import { neonStatements } from "./adapters/neon-statements.ts";
import { neonTenantDirectory } from "./adapters/neon-tenant-directory.ts";
import { neonTenants } from "./adapters/neon-tenants.ts";
import { neonUsageLedger } from "./adapters/neon-usage-ledger.ts";
import { neonVault } from "./adapters/neon-vault.ts";
import { neonWebhookSecrets } from "./adapters/neon-webhook-secrets.ts";
import { neonWebhooks } from "./adapters/neon-webhooks.ts";
import { pooledRandom } from "./adapters/pooled-random.ts";
import { queueControl, queueRefreshes, queueUsage, replayQueue } from "./adapters/queues.ts";
import { restingKeyDirectory } from "./adapters/resting-key-directory.ts";
import { tikliveUpstream } from "./adapters/tiklive-upstream.ts";
import { upstashAnswerHeads } from "./adapters/upstash-answer-heads.ts";
import { upstashAnswers } from "./adapters/upstash-answers.ts";
import { upstashChangeLog, upstashConfirm } from "./adapters/upstash-changes.ts";
import { upstashCounters } from "./adapters/upstash-counters.ts";
import { upstashHotSet } from "./adapters/upstash-hot-set.ts";
import { upstashKeyMarks } from "./adapters/upstash-key-marks.ts";
import { upstashKeyRecords } from "./adapters/upstash-key-records.ts";
import { upstashLedger } from "./adapters/upstash-ledger.ts";
import { upstashLedgerBacklog } from "./adapters/upstash-ledger-backlog.ts";
import { upstashLeases } from "./adapters/upstash-leases.ts";
import { upstashLimiter } from "./adapters/upstash-limiter.ts";
import { connectRedis, upstashPart } from "./adapters/upstash-redis.ts";
import { timeOf, upstashPurges } from "./adapters/upstash-purges.ts";
import { upstashRefreshTurns } from "./adapters/upstash-refresh-turns.ts";
import { upstashStrikes } from "./adapters/upstash-strikes.ts";
import { upstashWarmTries } from "./adapters/upstash-warm-tries.ts";
import { platformKeyring, vaultUpstreamKeys } from "./adapters/vault-upstream-keys.ts";
import { waitBudgets } from "./adapters/wait-budget.ts";
import { workersPageCache } from "./adapters/workers-page-cache.ts";
import { importPepper } from "./core/api-key.ts";
import { toHex } from "./core/bytes.ts";
import type { Log } from "./core/ports.ts";
import { importKek } from "./core/sealed-key.ts";
import type { Services } from "./core/services.ts";
import type { SignInProvider } from "./core/sign-in.ts";
import { uuid7 } from "./core/uuid7.ts";
import { longestKeptMs } from "./core/windows.ts";
import type { Config } from "./env.ts";

/** So many are kept count of: more than a deployment on a few upstream keys could keep warm. */
const HOT_ANSWERS = 5_000;

const clock = () => Date.now();
const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes));
const idBytes = pooledRandom();
const newUuid = () => uuid7(clock(), idBytes(10));

export { purgeOwnCache } from "./adapters/workers-page-cache.ts";

/** The only place that knows which vendor stands behind which port. Does no I/O: the Worker boots with it. */
export function services(config: Config, env: Env): Services {
  const log = consoleLog();
  return {
    ...settings(config),
    ...answerTiers(config, env, log),
    ...warming(config, log),
    ...money(config, env, log),
    ...identities(config, env, log),
    ...control(config, env, log),
    ...tenancy(config, log),
    ...vault(config),
    ...webhooks(config, log),
    ...upkeep(config),
    parts: [
      upstashPart("redis", redisOf(config)),
      ...(config.LEDGER_REDIS_REST_URL === undefined ? [] : [upstashPart("ledger", ledgerRedisOf(config))]),
      neonPart(database(config, config.DATABASE_URL_OPS)),
    ],
    log,
    clock,
    newRequestId: newUuid,
    newEventId: newUuid,
    random,
    newWaitBudget: waitBudgets({
      waitMs: config.REDIS_WAIT_MS,
      restMs: config.REDIS_REST_MS,
      isLedgerApart: config.LEDGER_REDIS_REST_URL !== undefined,
      clock,
    }),
    randomBits: () => toHex(random(10)),
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
}

function settings(config: Config) {
  return {
    namespaceVersion: config.NAMESPACE_VERSION,
    memoryMs: config.MEMORY_MS,
    outageMs: config.OUTAGE_MS,
    keyFreshMs: config.KEY_FRESH_MS,
    keyOutageMs: config.KEY_OUTAGE_MS,
    healthMs: config.HEALTH_MS,
    sessionMs: config.SESSION_MS,
    sessionMostMs: config.SESSION_MOST_MS,
    settleAgainMs: config.SETTLE_AGAIN_MS,
    failoverMs: config.FAILOVER_MS,
    upstreamDeadlineMs: config.UPSTREAM_DEADLINE_MS,
    capacityWaitMs: config.CAPACITY_WAIT_MS,
    leaseMs: config.LEASE_MS,
    leaseRenewMs: config.LEASE_RENEW_MS,
    storedNoteMs: config.STORED_NOTE_MS,
    failureNoteMs: config.FAILURE_NOTE_MS,
    staleIfErrorMs: config.STALE_IF_ERROR_MS,
    derives: config.DERIVE,
    refreshAgainMs: config.REFRESH_AGAIN_MS,
    joinMs: config.JOIN_MS,
    joinMostMs: config.JOIN_MOST_MS,
    coolDownMs: config.COOL_DOWN_MS,
    coolDownMostMs: config.COOL_DOWN_MOST_MS,
    retryPauseMs: config.RETRY_PAUSE_MS,
    probePostUrl: config.PROBE_POST_URL,
    probingMs: config.PROBING_MS,
    keyRetireMs: config.KEY_RETIRE_MS,
    checkKeyMs: config.CHECK_KEY_MS,
    manyKeys: config.MANY_KEYS,
    rewrapAtOnce: config.REWRAP_AT_ONCE,
    abandonedMs: config.ABANDONED_MS,
    unrecordedMs: config.UNRECORDED_MS,
    lateEventsMs: config.LATE_EVENTS_MS,
    reconcileMs: config.RECONCILE_MS,
    retainUsageDays: config.RETAIN_USAGE_DAYS,
    retainEventsDays: config.RETAIN_EVENTS_DAYS,
    invoiceCloseMs: config.INVOICE_CLOSE_MS,
    upstreamCentsPerThousand: config.UPSTREAM_CENTS_PER_THOUSAND,
    balanceAlertCredits: config.BALANCE_ALERT_CREDITS,
    balanceWatchMs: config.BALANCE_WATCH_MS,
    webhookTargets: config.WEBHOOK_TARGETS,
    webhookRetries: { firstDelayMs: config.WEBHOOK_RETRY_MS, mostAttempts: config.WEBHOOK_ATTEMPTS },
    platformDownloadTier: config.PLATFORM_DOWNLOAD_TIER,
    chargeRules: { chargeNotFound: config.CHARGE_NOT_FOUND },
    windowOverrides: config.WINDOWS,
    publicTenantId: config.PUBLIC_TENANT,
    pagesPerAddress: config.PAGES_PER_ADDRESS,
    pagesColdPerMinute: config.PAGES_COLD_PER_MINUTE,
    warmBudget: config.WARM_BUDGET,
    warmMinHits: config.WARM_MIN_HITS,
    warmKeywords: config.WARM_KEYWORDS,
  };
}

function answerTiers(config: Config, env: Env, log: Log) {
  const redis = redisOf(config);
  return {
    memory: memoryAnswers(config.MEMORY_BYTES),
    colo: coloAnswers({ cache: caches.default, keepMs: config.MEMORY_MS, clock }, log),
    redis: upstashAnswers(redis, clock, log),
    waits: isolateWaits(clock),
    refreshTurns: upstashRefreshTurns(redis, config.REFRESH_AGAIN_MS),
    refreshQueue: queueRefreshes(env.REFRESH_QUEUE),
    purges: upstashPurges(redis, {
      keepMs: longestKeptMs(config.WINDOWS, config.STALE_IF_ERROR_MS),
      ledgerTime: () => timeOf(ledgerRedisOf(config)),
    }),
  };
}

function warming(config: Config, log: Log) {
  const redis = redisOf(config);
  const hotSet = upstashHotSet(redis, { halfLifeMs: config.HOT_HALF_LIFE_MS, most: HOT_ANSWERS });
  return {
    hotSet,
    asks: bufferedAsks(hotSet, { flushMs: config.HOT_FLUSH_MS, clock }, log),
    answerHeads: upstashAnswerHeads(redis),
    warmTries: upstashWarmTries(redis, config.WARM_AGAIN_MS),
  };
}

function money(config: Config, env: Env, log: Log) {
  const usageQueue = queueUsage(env.USAGE_QUEUE);
  const buffer = { flushMs: config.HITS_FLUSH_MS, flushHits: config.HITS_FLUSH_COUNT, clock, newBatchId: newUuid };
  const platformKeys = platformKeyring(config.TIKLIVE_KEY, config.PLATFORM_KEY_CAPS);
  const hits = bufferedHits(usageQueue, buffer, log);
  const redis = ledgerRedisOf(config);
  const keyMarks = upstashKeyMarks(redis, {
    keys: platformKeys,
    outMs: config.PLATFORM_KEY_OUT_MS,
    breakerFailures: config.BREAKER_FAILURES,
    breakerRestMs: config.BREAKER_REST_MS,
  });
  return {
    ledger: upstashLedger(
      redis,
      {
        leaseMs: config.LEASE_MS,
        capWindowMs: config.CAP_WINDOW_MS,
        perSecond: config.UPSTREAM_PER_SECOND,
        jitterMs: config.DISPATCH_JITTER_MS,
        breakerRestMs: config.BREAKER_REST_MS,
      },
      log,
    ),
    counters: upstashCounters(redis),
    ledgerBacklog: upstashLedgerBacklog(redis),
    platformBooks: neonPlatformBooks(database(config, config.DATABASE_URL_OPS)),
    retryBudget: isolateRetryBudget({ most: config.RETRY_CREDITS, percent: config.RETRY_PERCENT }),
    upstream: tikliveUpstream({
      baseUrl: config.UPSTREAM_URL,
      maxBodyBytes: config.UPSTREAM_MAX_BODY_BYTES,
      creditsHeader: config.CREDITS_HEADER,
      clock,
    }),
    upstreamKeys: vaultUpstreamKeys(
      { platformKeys, ownKeyCap: config.OWN_KEY_CAP, keks: importing(config.KEY_ENCRYPTION_KEYS, importKek), clock },
      log,
    ),
    platformLog: neonPlatformLog(database(config, config.DATABASE_URL_RW)),
    keyMarks,
    platformKeys: keyMarks,
    platformKeyIds: async () => (await platformKeys()).map(({ id }) => id),
    usageQueue,
    usageLedger: neonUsageLedger(database(config, config.DATABASE_URL_RW)),
    spendingBooks: neonSpending({
      rw: database(config, config.DATABASE_URL_RW),
      ops: database(config, config.DATABASE_URL_OPS),
    }),
    graveyard: neonGraveyard(database(config, config.DATABASE_URL_OPS)),
    deadMessages: neonDeadMessages(database(config, config.DATABASE_URL_OPS)),
    replayQueue: replayQueue({ usage: env.USAGE_QUEUE, control: env.CONTROL_QUEUE, refresh: env.REFRESH_QUEUE }),
    eventSender: bufferedEvents(
      usageQueue,
      { flushMs: config.EVENTS_FLUSH_MS, flushEvents: config.EVENTS_FLUSH_COUNT, clock, takeAlong: hits.takeCounts },
      log,
    ),
    hits,
    requests: hits,
  };
}

function identities(config: Config, env: Env, log: Log) {
  const redis = redisOf(config);
  const limiter = upstashLimiter(redis, config.REDIS_COMMAND_MS, log);
  return {
    keyMemory: memoryKeyRecords(config.KEY_ABSENT_MS, clock),
    originMemory: memoryOrigins({ knownMs: config.ORIGIN_MS, unknownMs: config.KEY_ABSENT_MS }, clock),
    adminToken: config.ADMIN_TOKEN,
    identityIssuer: config.OIDC_ISSUER ?? "",
    identityTokens: identityTokens(config, log),
    signInProvider: signInProvider(config, log),
    keyRecords: upstashKeyRecords(redis, { keepMs: config.KEY_OUTAGE_MS, clock }, log),
    keyDirectory: restingKeyDirectory(
      neonKeyDirectory(database(config, config.DATABASE_URL_AUTH), clock, log),
      config.DATABASE_REST_MS,
      clock,
    ),
    limiter,
    leasedLimiter: leasedLimiter(limiter, { askMostMs: config.REDIS_COMMAND_MS, clock }),
    unidentified: coloAddressLimiter(env.UNIDENTIFIED_LIMIT, log),
    peppers: importing(config.KEY_PEPPERS, importPepper),
  };
}

function control(config: Config, env: Env, log: Log) {
  const redis = redisOf(config);
  const times = {
    afterMs: config.CONFIRM_AFTER_MS,
    confirmMs: config.CONFIRM_MS,
    // The other half is left for a change that waited for Redis to get into the log.
    gapMs: config.KEY_FRESH_MS / 2,
    // Of a colo's copies nobody trusts an older one, nor of key records.
    historyMs: Math.max(config.KEY_OUTAGE_MS, config.MEMORY_MS),
  };
  const confirm = upstashConfirm(redis, { ...times, clock }, log);
  return {
    controlQueue: queueControl(env.CONTROL_QUEUE),
    changes: upstashChangeLog(redis, confirm.heed, log),
    confirm,
  };
}

function tenancy(config: Config, log: Log) {
  const rw = database(config, config.DATABASE_URL_RW);
  const tenantRecords = neonTenantDirectory(rw, clock, log);
  return {
    tenantRecords,
    statements: neonStatements({ rw, ops: database(config, config.DATABASE_URL_OPS) }),
    keyReadings: neonKeyReadings({ rw, ops: database(config, config.DATABASE_URL_OPS) }),
    tenants: neonTenants({ ops: database(config, config.DATABASE_URL_OPS), rw, keyRetireMs: config.KEY_RETIRE_MS }),
    tenantDirectory: memoryTenants(tenantRecords, {
      freshMs: config.KEY_FRESH_MS,
      outageMs: config.KEY_OUTAGE_MS,
      clock,
    }),
    gatewayKeys: neonGatewayKeys(rw),
    users: neonUsers(rw),
    auditLog: neonAuditLog(rw),
    purgeLog: neonPurgeLog(rw),
    outcomes: neonOutcomes(rw),
  };
}

function vault(config: Config) {
  const rw = database(config, config.DATABASE_URL_RW);
  const ops = database(config, config.DATABASE_URL_OPS);
  const vault = neonVault({ database: rw, operatorsDatabase: ops });
  return {
    vault,
    wrappedSecrets: [vault, neonWebhookSecrets(ops)],
    // Not in a cache that evicts: forgotten refusals of others are what would let an outage of the upstream condemn a key.
    strikes: upstashStrikes(ledgerRedisOf(config), { strikeMs: config.STRIKE_MS, recentMs: config.MANY_KEYS_MS }),
  };
}

function webhooks(config: Config, log: Log) {
  const keks = importing(config.KEY_ENCRYPTION_KEYS, importKek);
  const rw = database(config, config.DATABASE_URL_RW);
  const { WEBHOOK_TARGETS: targets, WEBHOOK_DEADLINE_MS: deadlineMs, DATABASE_TIMEOUT_MS: timeoutMs } = config;
  return {
    keks,
    webhooks: neonWebhooks(rw),
    alerts: neonAlerts(rw),
    deliveries: neonDeliveries({
      database: rw,
      operatorsDatabase: database(config, config.DATABASE_URL_OPS),
      leaseMs: deadlineMs + 2 * timeoutMs,
      overdueMs: config.WEBHOOK_OVERDUE_MS,
      mostAttempts: config.WEBHOOK_ATTEMPTS,
    }),
    webhookSender: fetchWebhook({ targets, deadlineMs, keks, clock }, log),
  };
}

function upkeep(config: Config) {
  const ops = database(config, config.DATABASE_URL_OPS);
  return {
    leases: upstashLeases(ledgerRedisOf(config), config.CRON_LEASE_MS, clock),
    partitions: neonPartitions(ops),
    retention: neonRetention(ops),
    pageCacheOf: workersPageCache,
    hashtagHistory: neonHashtagHistory(ops),
  };
}

function identityTokens(config: Config, log: Log) {
  const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience, OIDC_JWKS_URL: jwksUrl } = config;
  if (issuer === undefined || audience === undefined || jwksUrl === undefined) return noIdentityTokens();
  const times = { timeoutMs: config.OIDC_TIMEOUT_MS, restMs: config.OIDC_REST_MS, clock };
  return joseIdentityTokens({ issuer, audience, jwksUrl, ...times }, log);
}

function signInProvider(config: Config, log: Log): SignInProvider | undefined {
  const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience, OIDC_CLIENT_ID: clientId } = config;
  const {
    OIDC_AUTHORIZATION_URL: authorizationUrl,
    OIDC_TOKEN_URL: tokenUrl,
    OIDC_CLIENT_SECRET: clientSecret,
  } = config;
  if (issuer === undefined || audience === undefined || clientId === undefined) return undefined;
  if (authorizationUrl === undefined || tokenUrl === undefined) return undefined;
  const client = { clientId, clientSecret, authorizationUrl, tokenUrl };
  // Read when somebody first signs in so: most isolates never see that.
  const provider = async (): Promise<SignInProvider> => {
    const { oauthSignIn } = await import("./adapters/oauth-sign-in.ts");
    return oauthSignIn({ issuer, audience, ...client, timeoutMs: config.OIDC_TIMEOUT_MS }, log);
  };
  return {
    begin: async (redirectUri) => (await provider()).begin(redirectUri),
    finish: async (returnedTo, proofs) => (await provider()).finish(returnedTo, proofs),
  };
}

function redisOf(config: Config) {
  return connectRedis({
    url: config.UPSTASH_REDIS_REST_URL,
    token: config.UPSTASH_REDIS_REST_TOKEN,
    commandMs: config.REDIS_COMMAND_MS,
  });
}

/** The ledger may have a database of its own, so that a cache that evicts can never evict money; else it shares the cache's. */
function ledgerRedisOf(config: Config) {
  const { LEDGER_REDIS_REST_URL: url, LEDGER_REDIS_REST_TOKEN: token, REDIS_COMMAND_MS: commandMs } = config;
  return url === undefined || token === undefined ? redisOf(config) : connectRedis({ url, token, commandMs });
}

function database(config: Config, url: string) {
  const { NEON_SQL_ENDPOINT: sqlEndpoint, DATABASE_TIMEOUT_MS: timeoutMs } = config;
  return connect(url, { timeoutMs, ...(sqlEndpoint === undefined ? {} : { sqlEndpoint }) });
}

/**
 * Imports keys when they are first needed, since importing is asynchronous and booting is not. The keys are kept, never the promise: a
 * promise of one request must not be awaited by another.
 */
function importing(texts: ReadonlyMap<number, string>, importKey: (text: string) => Promise<CryptoKey>) {
  let imported: ReadonlyMap<number, CryptoKey> | undefined;
  return async () => {
    if (imported !== undefined) return imported;
    const keys = await Promise.all(
      Array.from(texts, async ([version, text]) => [version, await importKey(text)] as const),
    );
    return (imported = new Map(keys));
  };
}
