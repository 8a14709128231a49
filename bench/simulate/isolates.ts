import type { AnswerPorts } from "../../src/answer/answer.ts";
import { payerOf } from "../../src/answer/payer.ts";
import { isolateRetryBudget } from "../../src/adapters/isolate-retry-budget.ts";
import { isolateWaits } from "../../src/adapters/isolate-waits.ts";
import { memoryAnswers } from "../../src/adapters/memory-answers.ts";
import { NEVER_PURGED } from "../../src/core/purge.ts";
import type { AnswerStore, OpenedKey, RefreshQueue, Upstream } from "../../src/core/ports.ts";
import type { UsageEvent } from "../../src/core/usage.ts";
import type { ConsumeRefreshPorts } from "../../src/queue/refresh.ts";
import { memorySharedAnswers } from "../../test/support/memory-answers-store.ts";
import { memoryKeyMarks } from "../../test/support/memory-key-marks.ts";
import { memoryLedger } from "../../test/support/memory-ledger.ts";
import { memoryStrikes } from "../../test/support/memory-strikes.ts";
import { memoryTenantDirectory } from "../../test/support/memory-tenant-directory.ts";
import { memoryTurns } from "../../test/support/memory-turns.ts";
import { sampleTenant } from "../../test/support/sample-key-record.ts";
import { silentLog } from "../../test/support/silent-log.ts";
import type { SimulatedTime } from "../../test/support/simulated-time.ts";
import { coloStore } from "./colo-store.ts";
import { DEFAULT_SETTINGS } from "./default-settings.ts";
import { farAway } from "./network.ts";

const MEMORY_BYTES = 32 * 1024 ** 2;

const KEY: OpenedKey = { id: "platform-simulated", secret: "secret", cap: 200, owner: "platform" };

export const PAYER = payerOf(sampleTenant, true);

export const PATIENT: ReturnType<AnswerPorts["newWaitBudget"]> = { within: (work) => work() };

type World = {
  readonly time: SimulatedTime;
  readonly random: () => number;
  readonly upstream: Upstream;
  readonly refreshQueue: RefreshQueue;
  readonly derives: boolean;
  readonly onSettled: (event: UsageEvent) => void;
};

export type IsolatePorts = AnswerPorts & ConsumeRefreshPorts;

/**
 * The ports of isolates, all in this one place: each has a memory of its own, a colo has a cache for all of its isolates, and one Redis and one
 * ledger are a trip away from all. Settings are the gateway's defaults.
 */
export function isolateMaker(world: World): (colo: number) => IsolatePorts {
  const { clock } = world.time;
  const shared = sharedPorts(world);
  const colos = new Map<number, AnswerStore>();
  return (number) => {
    const colo = colos.get(number) ?? coloStore(clock, DEFAULT_SETTINGS.memoryMs);
    colos.set(number, colo);
    return {
      ...shared,
      colo,
      memory: memoryAnswers(MEMORY_BYTES),
      waits: isolateWaits(clock),
      retryBudget: isolateRetryBudget({ most: 10, percent: 10 }),
    };
  };
}

function sharedPorts({ time, random, upstream, refreshQueue, derives, onSettled }: World) {
  const { clock, pause } = time;
  const network = { pause, random };
  const keyMarks = memoryKeyMarks(clock, { keys: [KEY] });
  const ledger = memoryLedger(clock, keyMarks);
  const turns = memoryTurns(clock, DEFAULT_SETTINGS.refreshAgainMs);
  const answers = memorySharedAnswers(clock);
  let ids = 0;
  const nextId = () => (ids += 1);
  return {
    redis: farAway(answers, ["get", "put", "putBeside"], network),
    ledger: farAway(ledger, ["reserve", "settle", "release", "renewLease", "endLease"], network),
    refreshTurns: farAway(turns, ["take"], network),
    refreshQueue,
    confirm: { purgedAt: () => NEVER_PURGED },
    purges: answers,
    changes: { publish: async () => "published" },
    counters: ledger,
    keyMarks,
    platformKeys: keyMarks,
    upstream,
    upstreamKeys: { open: async () => ({ kind: "opened", keys: [KEY] }) },
    spendingBooks: { of: async () => undefined, all: async () => [] },
    strikes: memoryStrikes(clock),
    platformLog: { note: async () => ({ kind: "done", row: null }) },
    controlQueue: { send: async () => undefined },
    eventSender: {
      async send(event) {
        onSettled(event);
        await ledger.forget([event]);
      },
    },
    tenantDirectory: memoryTenantDirectory([sampleTenant], clock),
    publicTenantId: undefined,
    newWaitBudget: () => PATIENT,
    // Leases are told apart by the request that holds them.
    newRequestId: () => `request-${nextId()}`,
    newEventId: () => `event-${nextId()}`,
    randomBits: () => nextId().toString(16).padStart(19, "0").padEnd(20, "0"),
    derives,
    pause,
    clock,
    log: silentLog,
    ...DEFAULT_SETTINGS,
  } satisfies Omit<IsolatePorts, "memory" | "colo" | "waits" | "retryBudget">;
}
