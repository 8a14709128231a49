import type { AnswerPorts, Payer } from "../../src/answer/answer.ts";
import { memoryAnswers } from "../../src/adapters/memory-answers.ts";
import { isolateRetryBudget } from "../../src/adapters/isolate-retry-budget.ts";
import type { AnswerStore, OpenedKey, Upstream } from "../../src/core/ports.ts";
import type { UsageEvent } from "../../src/core/usage.ts";
import { memoryAnswerStore } from "../../test/support/memory-answers-store.ts";
import { memoryKeyMarks } from "../../test/support/memory-key-marks.ts";
import { memoryLedger } from "../../test/support/memory-ledger.ts";
import { memoryStrikes } from "../../test/support/memory-strikes.ts";
import { silentLog } from "../../test/support/silent-log.ts";
import type { SimulatedTime } from "../../test/support/simulated-time.ts";
import { coloStore } from "./colo-store.ts";
import { farAway } from "./network.ts";

const MEMORY_BYTES = 32 * 1024 ** 2;
const MEMORY_MS = 60_000;

const KEY: OpenedKey = { id: "platform-simulated", secret: "secret", cap: 200, owner: "platform" };

export const PAYER: Payer = {
  tenantId: "00000000-0000-4000-8000-000000000001",
  scope: "pool:default",
  tier: "download",
  upstreamKey: { kind: "platform" },
  quotas: { daily: null, monthly: null },
};

export const PATIENT: ReturnType<AnswerPorts["newWaitBudget"]> = { within: (work) => work() };

type World = {
  readonly time: SimulatedTime;
  readonly random: () => number;
  readonly upstream: Upstream;
  readonly isolates: number;
  readonly colos: number;
  readonly onSettled: (event: UsageEvent) => void;
};

/**
 * The ports of every isolate, all in this one place: a memory for each, a cache for each colo, and one Redis and one ledger that are a trip
 * away from all. Settings are the gateway's defaults.
 */
export function isolatePorts({ time, random, upstream, isolates, colos, onSettled }: World): readonly AnswerPorts[] {
  const { clock, pause } = time;
  const network = { pause, random };
  const keyMarks = memoryKeyMarks(clock, { keys: [KEY] });
  const ledger = memoryLedger(clock, keyMarks);
  let bits = 0;
  const shared: Omit<AnswerPorts, "memory" | "colo" | "retryBudget"> = {
    redis: farAway(memoryAnswerStore(clock), ["get", "put"], network),
    ledger: farAway(ledger, ["reserve", "settle", "release", "renewLease", "endLease"], network),
    counters: ledger,
    keyMarks,
    platformKeys: keyMarks,
    upstream,
    upstreamKeys: { open: async () => ({ kind: "opened", keys: [KEY] }) },
    spendingBooks: { of: async () => undefined, all: async () => [] },
    strikes: memoryStrikes(clock),
    platformLog: { note: async () => ({ kind: "done", row: null }) },
    controlQueue: { send: async () => undefined },
    usageQueue: {
      async send(messages) {
        const events = messages.flatMap((message) => (message.kind === "event" ? [message.event] : []));
        for (const event of events) onSettled(event);
        await ledger.forget(events.map(({ eventId }) => eventId));
      },
    },
    chargeRules: { chargeNotFound: true },
    windowOverrides: {},
    namespaceVersion: "1",
    newWaitBudget: () => PATIENT,
    newEventId: () => "event",
    randomBits: () => (bits += 1).toString(16).padStart(19, "0").padEnd(20, "0"),
    pause,
    clock,
    log: silentLog,
    ...TIMES,
  };
  const near = Array.from({ length: colos }, (): AnswerStore => coloStore(clock, MEMORY_MS));
  return Array.from({ length: isolates }, (_, isolate) => ({
    ...shared,
    memory: memoryAnswers(MEMORY_BYTES),
    colo: near[isolate % colos] ?? coloStore(clock, MEMORY_MS),
    retryBudget: isolateRetryBudget({ most: 10, percent: 10 }),
  }));
}

const TIMES = {
  memoryMs: MEMORY_MS,
  outageMs: 900_000,
  upstreamDeadlineMs: 10_000,
  failoverMs: 5_000,
  capacityWaitMs: 3_000,
  leaseRenewMs: 1_000,
  leaseRestMs: 300,
  joinMs: 50,
  joinMostMs: 400,
  retryPauseMs: 200,
  coolDownMs: 10_000,
  coolDownMostMs: 60_000,
  checkKeyMs: 10_000,
  settleAgainMs: [250, 1_000, 4_000],
};
