import { describe, expect, it } from "vitest";
import { memoryKeyRecords } from "../../src/adapters/memory-key-records.ts";
import { digestApiKey, formatApiKey, importPepper } from "../../src/core/api-key.ts";
import type { KeyRecord } from "../../src/core/tenant.ts";
import { identifyKey } from "../../src/proxy/identify.ts";
import { memoryKeyDirectory } from "../support/memory-key-directory.ts";
import { nothingAlongside } from "../support/reading.ts";
import { sampleKeyRecord } from "../support/sample-key-record.ts";

const TODAY = "2026-01-31";
const SECRET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef";
const pepper = await importPepper(Buffer.alloc(32, 1).toString("base64"));

type Differs = Partial<KeyRecord> & { readonly text?: string };

/** One isolate that knows one key, and what it did behind its responses. */
async function isolate({ text = formatApiKey(sampleKeyRecord.keyId, SECRET), ...differs }: Differs) {
  let nowMs = Date.parse(`${TODAY}T23:59:59Z`);
  const touched: string[] = [];
  const logged: string[] = [];
  const behind: Promise<unknown>[] = [];
  const state = { postgres: "up" as "up" | "down" };
  const record = { ...sampleKeyRecord, digest: await digestApiKey(text, pepper), ...differs };
  const identified = identifyKey({
    confirm: { refresh: () => undefined, vouchesFor: () => ({ kind: "unknown" }) },
    keyMemory: memoryKeyRecords(10_000, () => nowMs),
    keyRecords: {
      get: async () => ({ kind: "absent" }),
      alongside: () => ({ ...nothingAlongside, told: () => undefined }),
      put: async () => undefined,
      drop: async () => undefined,
    },
    keyDirectory: memoryKeyDirectory([record], () => nowMs),
    clock: () => nowMs,
    keyFreshMs: 10_000,
    keyOutageMs: 600_000,
    peppers: async () => new Map([[1, pepper]]),
    unidentified: { allows: async () => true },
    gatewayKeys: {
      async touch(tenantId, keyId, day) {
        touched.push(`${tenantId} ${keyId} ${day}`);
        if (state.postgres === "down") throw new Error("Postgres does not answer");
      },
    },
    log: { info: () => undefined, error: (event) => void logged.push(event) },
  });
  const ask = async () => {
    const wait = { within: <T>(work: () => Promise<T>) => work() };
    const background = (promise: Promise<unknown>) => void behind.push(promise);
    const found = await identified({ text, wait, background, address: () => "192.0.2.1" });
    await Promise.all(behind.splice(0));
    return found.keyId;
  };
  return { ask, touched, logged, state, advance: (ms: number) => void (nowMs += ms) };
}

const use = (day: string) => `${sampleKeyRecord.tenant.id} ${sampleKeyRecord.keyId} ${day}`;

describe("the day of a key's last use", () => {
  it("is noted once for each UTC day, because each note is a statement in Postgres", async () => {
    const { ask, touched, advance } = await isolate({ lastUsedOn: "2026-01-30" });
    for (const waitMs of [0, 0, 20_000, 0]) {
      advance(waitMs);
      expect(await ask()).toBe(sampleKeyRecord.keyId);
    }
    expect(touched).toEqual([use(TODAY), use("2026-02-01")]);
  });

  it("is not noted again when the record says so already", async () => {
    const { ask, touched } = await isolate({ lastUsedOn: TODAY });
    await ask();
    expect(touched).toEqual([]);
  });

  it("may be lost: the request is served, and the failure is logged by name", async () => {
    const { ask, touched, logged, state } = await isolate({});
    state.postgres = "down";
    expect(await ask()).toBe(sampleKeyRecord.keyId);
    expect(await ask()).toBe(sampleKeyRecord.keyId);
    expect(touched).toEqual([use(TODAY)]);
    expect(logged).toEqual(["last-use-not-noted"]);
  });

  it("is not noted for who presents another secret: the id alone is public", async () => {
    const { ask, touched } = await isolate({ digest: "00" });
    await expect(ask()).rejects.toMatchObject({ status: 401 });
    expect(touched).toEqual([]);
  });
});

describe("a key that says it is of one kind", () => {
  it.each([
    { says: "secret", is: "publishable", because: "nobody gave it out as a secret" },
    { says: "publishable", is: "secret", because: "else a page's key would have a server's rights" },
  ] as const)("$says, and is $is by its row, is no key: $because", async ({ says, is }) => {
    const { ask } = await isolate({ text: formatApiKey(sampleKeyRecord.keyId, SECRET, says), kind: is });
    await expect(ask()).rejects.toMatchObject({ status: 401 });
  });
});
