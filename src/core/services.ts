import type { ChargeRules } from "./charge.ts";
import type {
  AddressLimiter,
  AnswerMemory,
  AnswerStore,
  Graveyard,
  HitCounter,
  KeyDirectory,
  KeyMemory,
  KeyRecordCache,
  Ledger,
  Log,
  Part,
  RateLimiter,
  Upstream,
  UpstreamKeys,
  UsageLedger,
  UsageQueue,
  WaitBudget,
} from "./ports.ts";
import type { WindowOverrides } from "./windows.ts";

/** Every port with what stands behind it, and the settings that steps decide by. A step takes the part that it uses. */
export type Services = {
  readonly memory: AnswerMemory;
  readonly colo: AnswerStore;
  readonly redis: AnswerStore;
  readonly ledger: Ledger;
  readonly upstream: Upstream;
  readonly upstreamKeys: UpstreamKeys;
  readonly usageQueue: UsageQueue;
  readonly usageLedger: UsageLedger;
  readonly graveyard: Graveyard;
  readonly hits: HitCounter;
  readonly keyMemory: KeyMemory;
  readonly keyRecords: KeyRecordCache;
  readonly keyDirectory: KeyDirectory;
  readonly limiter: RateLimiter;
  readonly unidentified: AddressLimiter;
  readonly peppers: () => Promise<ReadonlyMap<number, CryptoKey>>;
  readonly parts: readonly Part[];
  readonly log: Log;
  /** Unix milliseconds by the isolate's clock, which moves only after I/O. */
  readonly clock: () => number;
  readonly newRequestId: () => string;
  readonly newWaitBudget: () => WaitBudget;
  readonly randomBits: () => string;
  readonly pause: (ms: number) => Promise<void>;
  readonly settleAgainMs: readonly number[];
  readonly namespaceVersion: string;
  readonly memoryMs: number;
  readonly outageMs: number;
  readonly keyFreshMs: number;
  readonly keyOutageMs: number;
  readonly healthMs: number;
  readonly abandonedMs: number;
  readonly unrecordedMs: number;
  readonly platformDownloadTier: boolean;
  readonly chargeRules: ChargeRules;
  readonly windowOverrides: WindowOverrides;
};
