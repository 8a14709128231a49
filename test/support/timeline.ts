import type { AnswerPorts, Ask } from "../../src/answer/answer.ts";
import { findEndpoint } from "../../src/core/catalogue.ts";
import { readCall } from "../../src/core/parameters.ts";
import type { ControlMessage } from "../../src/core/control-ports.ts";
import { NO_DEMAND } from "../../src/core/directives.ts";
import { knownPurges } from "../../src/core/known-purges.ts";
import type { Change } from "../../src/core/changes.ts";
import type { OpenedKey, RefreshMessage, UpstreamReply } from "../../src/core/ports.ts";
import type { UsageEvent } from "../../src/core/usage.ts";
import { isolateWaits } from "../../src/adapters/isolate-waits.ts";
import { memoryAnswers } from "../../src/adapters/memory-answers.ts";
import { memoryAnswerStore, memorySharedAnswers } from "./memory-answers-store.ts";
import { memoryLedger } from "./memory-ledger.ts";
import { memoryKeyMarks } from "./memory-key-marks.ts";
import { memoryTurns } from "./memory-turns.ts";
import { memoryStrikes } from "./memory-strikes.ts";
import { silentLog } from "./silent-log.ts";

/** The steps of an answer over doubles and a simulated clock. What happened is in `story`, in order. */
export function timeline() {
  let nowMs = 1_700_000_000_000;
  let bits = 0;
  let reply: (secret: string) => Promise<UpstreamReply> = () => Promise.resolve(json('{"id":"107955"}'));
  const clock = () => nowMs;
  const story: string[] = [];
  const sent: UsageEvent[] = [];
  const told: object[] = [];
  const controls: ControlMessage[] = [];
  const refreshes: RefreshMessage[] = [];
  const changes: Change[] = [];
  const known = knownPurges(1_000);
  const behind: Promise<unknown>[] = [];
  const keys: OpenedKey[] = [{ id: "platform-test", secret: "secret", cap: 200, owner: "platform" }];
  const platformKeys = memoryKeyMarks(clock);
  const leaseRenewMs = 1_000;
  const strikes = memoryStrikes(clock);
  // A lease that nobody renews here must outlast whoever waits for it: simulated time passes while the one who fetches computes.
  const ledger = memoryLedger(clock, platformKeys, { leaseMs: 60_000 });
  const redis = memorySharedAnswers(clock);
  const colo = memoryAnswerStore(clock);
  const ports: AnswerPorts = {
    memory: memoryAnswers(1_000_000),
    colo,
    redis,
    confirm: { purgedAt: known.purgedAt },
    purges: redis,
    changes: {
      publish: async (told) => {
        changes.push(...told);
        for (const change of told) if (change.kind === "purge") known.note(change);
        return "published";
      },
    },
    waits: isolateWaits(clock),
    refreshTurns: memoryTurns(clock, 10_000),
    refreshQueue: { send: async (messages) => void refreshes.push(...messages) },
    refreshAgainMs: 10_000,
    staleIfErrorMs: 86_400_000,
    failureNoteMs: 2_000,
    derives: true,
    ledger: {
      ...ledger,
      reserve: (request) => (story.push("reserve"), ledger.reserve(request)),
      settle: (event, reserved) => (
        story.push(`settle ${event.outcome} ${event.creditsCharged}+${event.creditsInDoubt}`),
        ledger.settle(event, reserved)
      ),
    },
    upstream: {
      send: async (_call, secret) => {
        story.push("dispatch");
        const given = await reply(secret);
        return given.kind === "complete" ? { ...given, answeredAtMs: clock() } : given;
      },
    },
    upstreamKeys: { open: async () => ({ kind: "opened", keys }) },
    platformKeys,
    keyMarks: platformKeys,
    counters: ledger,
    spendingBooks: { of: async () => undefined, all: async () => [] },
    retryBudget: { earn: () => undefined, take: () => false },
    retryPauseMs: 200,
    coolDownMs: 10_000,
    coolDownMostMs: 60_000,
    capacityWaitMs: 3_000,
    upstreamDeadlineMs: 10_000,
    leaseMs: 3_000,
    leaseRenewMs,
    joinMs: 50,
    joinMostMs: 400,
    storedNoteMs: 10_000,
    newWaitBudget: () => ({ within: (work) => work() }),
    platformLog: {
      note: async ({ event }) => (told.push({ type: event?.type, ...event?.data }), { kind: "done", row: null }),
    },
    controlQueue: { send: async (messages) => void controls.push(...messages) },
    strikes,
    checkKeyMs: 10_000,
    newEventId: () => "event",
    failoverMs: 5_000,
    eventSender: { send: async (event) => void sent.push(event) },
    randomBits: () => (bits += 1).toString(16).padStart(20, "0"),
    // Leases are renewed while nothing else happens: that never ends by itself here.
    pause: async (ms) => {
      if (ms === leaseRenewMs) return new Promise(() => undefined);
      story.push(`pause ${ms}`);
      nowMs += ms;
      // Whatever else is under way has its turn.
      await new Promise((resolve) => setImmediate(resolve));
    },
    settleAgainMs: [10, 20],
    chargeRules: { chargeNotFound: true },
    windowOverrides: {},
    namespaceVersion: "1",
    memoryMs: 60_000,
    outageMs: 900_000,
    clock,
    log: silentLog,
  };
  return {
    ports,
    story,
    sent,
    /** What the operator was told. */
    told,
    controls,
    /** What the log of changes was told: the isolate hears of it at once. */
    changes,
    /** The messages of the refresh queue. */
    refreshes,
    /** The platform's keys, to be changed. */
    keys,
    platformKeys,
    strikes,
    redis,
    colo,
    ledger,
    advance: (ms: number) => void (nowMs += ms),
    replies: (next: (secret: string) => Promise<UpstreamReply>) => void (reply = next),
    ask: (path: string): Ask => ({
      call: callOf(path),
      payer: {
        tenantId: "tenant",
        scope: "pool:default",
        tier: "download",
        upstreamKey: { kind: "platform" },
        quotas: { daily: null, monthly: null },
        windows: {},
        purgedAtMs: null,
      },
      demand: NO_DEMAND,
      priority: "interactive",
      requestId: "request",
      wait: { within: (work) => work() },
      background: (promise) => void behind.push(promise),
    }),
    /** Resolves when nothing is left behind the responses. */
    settled: () => Promise.all(behind.splice(0)),
  };
}

export function json(body: string, status = 200): UpstreamReply {
  return {
    kind: "complete",
    status,
    contentType: "application/json",
    retryAfter: null,
    credits: null,
    answeredAtMs: 0,
    body: new TextEncoder().encode(body),
  };
}

function callOf(path: string) {
  const { pathname, search } = new URL(path, "http://gateway");
  const endpoint = findEndpoint(pathname);
  const read = endpoint === undefined ? undefined : readCall(endpoint, search);
  if (read?.kind !== "call") throw new Error(`${path} is no call`);
  return read.call;
}
