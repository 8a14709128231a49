import { Hono } from "hono";
import { memoryKeyRecords, memoryOrigins } from "../../src/adapters/memory-key-records.ts";
import { digestApiKey, formatApiKey, importPepper } from "../../src/core/api-key.ts";
import { knownChanges } from "../../src/core/changes.ts";
import type { RateDecision } from "../../src/core/ports.ts";
import type { KeyRecord, Tenant } from "../../src/core/tenant.ts";
import { onError } from "../../src/on-error.ts";
import type { ProxyEnv } from "../../src/proxy/request.ts";
import { proxyRoute } from "../../src/proxy/route.ts";
import { memoryKeyDirectory } from "./memory-key-directory.ts";
import { nothingAlongside, readingOf } from "./reading.ts";
import { sampleKeyRecord } from "./sample-key-record.ts";
import { silentLog } from "./silent-log.ts";
import { timeline } from "./timeline.ts";

const SECRET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef";
const CALL = "/userid/?username=tiktok";

export const PAGE = "https://app.example.com";

/** The peppers that are configured, by version. */
const peppers = new Map(
  await Promise.all(
    [1, 2].map(async (version) => [version, await importPepper(btoa(String(version).repeat(32)))] as const),
  ),
);

type Differs = Partial<Omit<KeyRecord, "tenant">> & { readonly tenant?: Partial<Tenant> };

/**
 * The data plane of one isolate over doubles, asked with one key, whose row the test changes. `heldBack` is a reading of the log of changes
 * that a request has to wait for.
 */
async function dataPlane(differs: Differs = {}) {
  const t = timeline();
  const { clock } = t.ports;
  const changes = knownChanges({ gapMs: 5_000, most: 100, mostPurges: 10 });
  const kind = differs.kind ?? "secret";
  const text = formatApiKey(sampleKeyRecord.keyId, SECRET, kind);
  const digestUnder = async (version: number) => {
    const pepper = peppers.get(version);
    return pepper === undefined ? "" : digestApiKey(text, pepper);
  };
  const rows = [sampleKeyRecord];
  const write = ({ tenant, ...more }: Differs) => {
    const [row = sampleKeyRecord] = rows;
    rows[0] = { ...row, ...more, tenant: { ...row.tenant, ...tenant } };
  };
  write({ digest: await digestUnder(1), ...differs });

  const state = { reading: undefined as Promise<void> | undefined, isHeld: true, refuses: false };
  const tokens: string[] = [];
  const metered: string[] = [];
  const decided = (): RateDecision => {
    const figures = { limit: 600, resetAtMs: clock() };
    return state.refuses
      ? { kind: "refused", remaining: 0, ...figures }
      : { kind: "allowed", remaining: 599, ...figures };
  };
  const lookedUp: string[] = [];
  const memory = {
    ...t.ports.memory,
    get: (identity: string) => (lookedUp.push(identity), t.ports.memory.get(identity)),
  };
  const app = new Hono<ProxyEnv>().onError(onError(silentLog)).all(
    "*",
    proxyRoute({
      ...t.ports,
      memory,
      newRequestId: () => "request",
      confirm: {
        ...t.ports.confirm,
        refresh: () => state.reading && readingOf(async () => state.reading),
        vouchesFor: changes.vouchesFor,
      },
      keyMemory: memoryKeyRecords(10_000, clock),
      keyRecords: {
        get: async () => ({ kind: "absent" }),
        alongside: () => ({ ...nothingAlongside, told: () => undefined }),
        put: async () => undefined,
        drop: async () => undefined,
      },
      keyDirectory: memoryKeyDirectory(rows, clock),
      originMemory: memoryOrigins({ knownMs: 0, unknownMs: 0 }, clock),
      keyFreshMs: 10_000,
      keyOutageMs: 600_000,
      peppers: async () => peppers,
      unidentified: { allows: async () => true },
      gatewayKeys: { touch: async () => undefined },
      leasedLimiter: {
        takeHeld: (name) => (state.isHeld ? (tokens.push(name), decided()) : undefined),
        take: async (name) => (tokens.push(name), decided()),
      },
      requests: { addRequest: (tenantId) => void metered.push(tenantId) },
      asks: { add: () => undefined },
      platformDownloadTier: true,
      publicTenantId: undefined,
      warmBudget: 0,
    }),
  );
  const behind: Promise<unknown>[] = [];
  const context = {
    waitUntil: (promise: Promise<unknown>) => void behind.push(promise),
    passThroughOnException: () => undefined,
    props: undefined,
  };
  return {
    ...t,
    state,
    write,
    digestUnder,
    /** By name of their buckets, in order. */
    tokens,
    metered,
    lookedUp,
    ask: async (headers: Readonly<Record<string, string>> = {}) =>
      app.request(CALL, { headers: { "x-api-key": text, ...headers } }, {}, context),
    /** From now on the log has to be waited for; what is returned ends the waiting, and tells of a change of the key if there was one. */
    heldBack() {
      const { promise, resolve } = Promise.withResolvers<void>();
      state.reading = promise;
      return (changed: "changed" | "unchanged") => {
        if (changed === "changed") changes.note({ kind: "key", keyId: sampleKeyRecord.keyId }, clock());
        resolve();
      };
    },
    /** The isolate has heard of a change of the key. */
    hear: () => changes.note({ kind: "key", keyId: sampleKeyRecord.keyId }, clock()),
    /** Whatever can happen without the log has happened, in the isolate and behind its responses. */
    async meanwhile() {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await Promise.all([...behind.splice(0), t.settled()]);
    },
  };
}

/** One that has served the key once, so that it remembers the key and the answer. Whoever asks next has to wait for the log. */
export async function waiting(differs?: Differs, headers?: Readonly<Record<string, string>>) {
  const plane = await dataPlane(differs);
  const first = await plane.ask(headers);
  await plane.meanwhile();
  plane.advance(3_000);
  for (const told of [plane.story, plane.tokens, plane.metered, plane.lookedUp]) told.length = 0;
  return { plane, first, tell: plane.heldBack(), ask: () => plane.ask(headers) };
}
