import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { processPool, type WorkerProcess } from "../chaos/process-pool.ts";
import { books } from "../support/books.ts";
import { eventually } from "../support/eventually.ts";
import { startGateway, startStack, type Gateway, type Stack } from "../support/gateway.ts";
import { upstreamControl, type UpstreamControl } from "../support/upstream-control.ts";

const REQUESTS = 500;
const WORKERS = 4;

/** Limits are set high, and leases outlast a machine that is busy with the rest of the tests: this is about one call, and not about time. */
const SETTINGS = {
  REDIS_WAIT_MS: "60000",
  REDIS_COMMAND_MS: "60000",
  DATABASE_TIMEOUT_MS: "60000",
  UPSTREAM_DEADLINE_MS: "20000",
  FAILURE_NOTE_MS: "2000",
  LEASE_MS: "10000",
  STORED_NOTE_MS: "60000",
};

describe("five hundred at once for one cold key, over four Workers", () => {
  let stack: Stack;
  let gateways: readonly Gateway[];
  let upstream: UpstreamControl;
  let key: string;
  let dir: string;

  beforeAll(async () => {
    stack = await startStack();
    upstream = upstreamControl(stack.upstream.url);
    key = stack.tenant("shared").apiKey;
    dir = await mkdtemp(join(tmpdir(), "tikedge-stampede-"));
    await books(stack.database.url).query("UPDATE app.plans SET burst_capacity = 10000", []);
    gateways = await Promise.all(Array.from({ length: WORKERS }, () => startGateway(stack, SETTINGS)));
  });
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.close()));
    await stack.close();
    await rm(dir, { recursive: true, force: true });
  });

  const stampede = (path: string, requests: number, among = gateways) =>
    Promise.all(
      Array.from({ length: requests }, async (_, at) => {
        const response = await among[at % among.length]?.get(path, { key });
        if (response === undefined) throw new Error("there is no such Worker");
        const { status, headers } = response;
        const charged = Number(headers.get("x-credits-charged"));
        return { status, charged, said: headers.get("cache-status") ?? "", body: await response.text() };
      }),
    );
  const count = (answers: Awaited<ReturnType<typeof stampede>>, said: string) =>
    answers.filter((each) => each.said.includes(said)).length;

  it("are one call to the upstream, and five hundred equal answers", { timeout: 120_000 }, async () => {
    const path = "/userinfo-by-username/?username=stampede";
    await upstream.fault({ kind: "delay", delayMs: 750, path: "/userinfo-by-username/", times: 1 });
    const before = await upstream.calls();
    const answers = await stampede(path, REQUESTS);
    expect(await upstream.calls()).toBe(before + 1);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    expect(answers.reduce((sum, { charged }) => sum + charged, 0)).toBe(1);
    expect(count(answers, "stored")).toBe(1);
    expect(count(answers, "collapsed") + count(answers, "; hit;")).toBe(REQUESTS - 1);
  });

  it(
    "are one call to an upstream that fails, and are told so, because five hundred would fail one after another",
    { timeout: 120_000 },
    async () => {
      const path = "/userinfo-by-username/?username=failing";
      const before = await upstream.calls();
      await upstream.fault({ kind: "hang", path: "/userinfo-by-username/", times: null });
      const impatient = await startGateway(stack, { ...SETTINGS, UPSTREAM_DEADLINE_MS: "1500" });
      try {
        const answers = await stampede(path, 100, [impatient]);
        // Who came a moment before the one that fetched has waited its time when that one gives up, and is told so.
        expect(answers.filter(({ status }) => status !== 504 && status !== 503)).toEqual([]);
        expect(answers.filter(({ status }) => status === 504).length).toBeGreaterThan(0);
        expect(await upstream.calls()).toBe(before + 1);
      } finally {
        await upstream.clearFaults();
        await impatient.close();
      }
    },
  );

  it(
    "are two calls at the most when the Worker that fetches is killed, and everybody is answered in time",
    { timeout: 120_000 },
    async () => {
      const settings = { ...stack.settings, ...SETTINGS, LEASE_MS: "1500", LEASE_RENEW_MS: "400" };
      const start = { config: inject("workerConfig"), entrypoint: inject("tappedWorker"), settings };
      const pool = processPool({ startOf: () => start, expected: 1, logFile: join(dir, "holder.log") });
      let holder: WorkerProcess | undefined;
      try {
        holder = await pool.take();
        const path = "/userinfo-by-username/?username=killed";
        await upstream.fault({ kind: "delay", delayMs: 15_000, path: "/userinfo-by-username/", times: 1 });
        const before = await upstream.calls();
        const lost = fetch(`${holder.url}${path}`, { headers: { "x-api-key": key } }).then(
          () => "answered",
          () => "lost",
        );
        await eventually(async () => expect(await upstream.calls()).toBe(before + 1));
        const waiting = stampede(path, REQUESTS - 1);
        await holder.kill();
        expect(await lost).toBe("lost");
        const answers = await waiting;
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
        expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
        expect(await upstream.calls()).toBe(before + 2);
        expect(answers.reduce((sum, { charged }) => sum + charged, 0)).toBe(1);
      } finally {
        await upstream.clearFaults();
        await pool.stop();
      }
      await eventually(async () => {
        await gateways[0]?.runCrons();
        const events = await books(stack.database.url).events(stack.tenant("shared").id);
        expect(
          events.filter(({ outcome }) => outcome === "abandoned"),
          "the killed one's is in doubt",
        ).toHaveLength(1);
      });
    },
  );
});
