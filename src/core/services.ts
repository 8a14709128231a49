import type { ChargeRules } from "./charge.ts";
import type {
  AuditLog,
  ChangeLog,
  Confirm,
  ControlQueue,
  GatewayKeys,
  IdentityTokens,
  Outcomes,
  PlatformLog,
  Tenants,
  Strikes,
  Users,
  Vault,
  WrappedSecrets,
} from "./control-ports.ts";
import type {
  AddressLimiter,
  AnswerMemory,
  AnswerStore,
  RefreshQueue,
  RefreshTurns,
  SharedAnswers,
  Waits,
  BucketGauge,
  EventSender,
  Graveyard,
  HitCounter,
  KeyDirectory,
  KeyMarks,
  KeyMemory,
  KeyRecordCache,
  Log,
  OriginMemory,
  Part,
  PlatformKeys,
  LeasedLimiter,
  RateLimiter,
  RequestCounter,
  RetryBudget,
  Upstream,
  UpstreamKeys,
  UsageLedger,
  UsageQueue,
  WaitBudget,
} from "./ports.ts";
import type { DeadMessages, ReplayQueue } from "./dead-message.ts";
import type { HashtagHistory } from "./hashtag-history.ts";
import type { Counters, Ledger, SpendingBooks } from "./ledger.ts";
import type { PageCache } from "./page-cache.ts";
import type { LedgerBacklog, PlatformBooks } from "./platform-ports.ts";
import type { PurgeLog, Purges } from "./purge.ts";
import type { SignInProvider } from "./sign-in.ts";
import type { KeyReadings, Statements } from "./statement-ports.ts";
import type { TenantDirectory } from "./tenant-directory.ts";
import type { Leases, Partitions, Retention } from "./upkeep-ports.ts";
import type { AnswerHeads, AskCounter, HotSet, WarmTries } from "./warm-ports.ts";
import type { Alerts, Deliveries, Webhooks, WebhookSender } from "./webhook-ports.ts";
import type { Targets } from "./webhook-target.ts";
import type { RetryRules } from "./webhook.ts";
import type { SealedSecret } from "./sealed-key.ts";
import type { WindowOverrides } from "./windows.ts";

/** Every port with what stands behind it, and the settings that steps decide by. A step takes the part that it uses. */
export type Services = {
  readonly memory: AnswerMemory;
  readonly colo: AnswerStore;
  readonly redis: SharedAnswers;
  readonly waits: Waits;
  readonly refreshTurns: RefreshTurns;
  readonly refreshQueue: RefreshQueue;
  readonly asks: AskCounter;
  readonly hotSet: HotSet;
  readonly answerHeads: AnswerHeads;
  readonly warmTries: WarmTries;
  readonly purges: Purges;
  readonly purgeLog: PurgeLog;
  readonly ledger: Ledger;
  readonly upstream: Upstream;
  readonly upstreamKeys: UpstreamKeys;
  readonly platformKeys: PlatformKeys;
  readonly keyMarks: KeyMarks;
  readonly counters: Counters;
  readonly spendingBooks: SpendingBooks;
  readonly retryBudget: RetryBudget;
  readonly usageQueue: UsageQueue;
  readonly eventSender: EventSender;
  readonly controlQueue: ControlQueue;
  readonly changes: ChangeLog;
  readonly confirm: Confirm;
  readonly platformLog: PlatformLog;
  readonly vault: Vault;
  /** Every store of sealed secrets, for the rotation of the wrapping key. */
  readonly wrappedSecrets: readonly WrappedSecrets<SealedSecret>[];
  readonly strikes: Strikes;
  readonly webhooks: Webhooks;
  readonly alerts: Alerts;
  readonly deliveries: Deliveries;
  readonly webhookSender: WebhookSender;
  readonly usageLedger: UsageLedger;
  readonly leases: Leases;
  readonly partitions: Partitions;
  readonly retention: Retention;
  readonly pageCacheOf: (context: object) => PageCache;
  readonly hashtagHistory: HashtagHistory;
  readonly graveyard: Graveyard;
  readonly deadMessages: DeadMessages;
  readonly replayQueue: ReplayQueue;
  readonly hits: HitCounter;
  readonly requests: RequestCounter;
  readonly keyMemory: KeyMemory;
  readonly originMemory: OriginMemory;
  readonly keyRecords: KeyRecordCache;
  readonly keyDirectory: KeyDirectory;
  readonly limiter: RateLimiter & BucketGauge;
  readonly leasedLimiter: LeasedLimiter;
  readonly unidentified: AddressLimiter;
  readonly peppers: () => Promise<ReadonlyMap<number, CryptoKey>>;
  /** The wrapping keys, by version. */
  readonly keks: () => Promise<ReadonlyMap<number, CryptoKey>>;
  readonly tenants: Tenants;
  /** May remember what it read for some seconds. */
  readonly tenantDirectory: TenantDirectory;
  /** Reads each time. */
  readonly tenantRecords: TenantDirectory;
  readonly statements: Statements;
  readonly keyReadings: KeyReadings;
  readonly platformBooks: PlatformBooks;
  readonly ledgerBacklog: LedgerBacklog;
  /** Of the platform's upstream keys, as the ledger names them. */
  readonly platformKeyIds: () => Promise<readonly string[]>;
  readonly gatewayKeys: GatewayKeys;
  readonly users: Users;
  readonly auditLog: AuditLog;
  readonly outcomes: Outcomes;
  readonly identityTokens: IdentityTokens;
  /** Where people sign in to the dashboard; nothing when it is not configured. */
  readonly signInProvider: SignInProvider | undefined;
  /** The issuer that people's tokens must name; empty when none is configured. */
  readonly identityIssuer: string;
  readonly adminToken: string;
  readonly random: (bytes: number) => Uint8Array;
  readonly parts: readonly Part[];
  readonly log: Log;
  /** Unix milliseconds by the isolate's clock, which moves only after I/O. */
  readonly clock: () => number;
  readonly newRequestId: () => string;
  readonly newEventId: () => string;
  readonly newWaitBudget: () => WaitBudget;
  readonly randomBits: () => string;
  readonly pause: (ms: number) => Promise<void>;
  /** How long a session of the dashboard lasts that nobody uses, and how long any does. */
  readonly sessionMs: number;
  readonly sessionMostMs: number;
  readonly settleAgainMs: readonly number[];
  readonly failoverMs: number;
  readonly upstreamDeadlineMs: number;
  readonly capacityWaitMs: number;
  readonly leaseMs: number;
  readonly leaseRenewMs: number;
  readonly storedNoteMs: number;
  readonly failureNoteMs: number;
  readonly staleIfErrorMs: number;
  readonly derives: boolean;
  readonly refreshAgainMs: number;
  readonly joinMs: number;
  readonly joinMostMs: number;
  readonly coolDownMs: number;
  readonly coolDownMostMs: number;
  readonly retryPauseMs: number;
  readonly namespaceVersion: string;
  readonly memoryMs: number;
  readonly outageMs: number;
  readonly keyFreshMs: number;
  readonly keyOutageMs: number;
  readonly healthMs: number;
  readonly probePostUrl: string;
  readonly probingMs: number;
  readonly keyRetireMs: number;
  readonly checkKeyMs: number;
  readonly manyKeys: number;
  readonly rewrapAtOnce: number;
  readonly abandonedMs: number;
  readonly unrecordedMs: number;
  readonly lateEventsMs: number;
  readonly reconcileMs: number;
  readonly retainUsageDays: number;
  readonly retainEventsDays: number;
  readonly invoiceCloseMs: number;
  /** What a thousand credits cost at the upstream, cents. */
  readonly upstreamCentsPerThousand: number;
  readonly balanceAlertCredits: number;
  readonly balanceWatchMs: number;
  readonly webhookTargets: Targets;
  readonly webhookRetries: RetryRules;
  readonly platformDownloadTier: boolean;
  readonly chargeRules: ChargeRules;
  readonly windowOverrides: WindowOverrides;
  /** Whose credits keep the pools warm and pay for what the public asks; without one, nothing of a pool is warmed, and there are no public pages. */
  readonly publicTenantId: string | undefined;
  readonly pagesPerAddress: number;
  readonly pagesColdPerMinute: number;
  /** Credits that one run may spend on warming; 0 is none. */
  readonly warmBudget: number;
  readonly warmMinHits: number;
  readonly warmKeywords: readonly string[];
};
