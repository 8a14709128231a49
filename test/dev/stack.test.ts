import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../../dev/ports.ts";
import { commandOf, membersOfGroup } from "../../dev/processes.ts";
import { installedServer } from "../../dev/redis.ts";
import { stateIn } from "../../dev/state.ts";
import { ROOT } from "../../dev/wrangler.ts";

const LONG_MS = 150_000;
const EXTERNAL = { REDIS_URL: "", DATABASE_URL: "", UPSTREAM_URL: "", TIKLIVE_KEY: "", ADMIN_TOKEN: "", CRONS: "off" };

let stateDir: string;
let port: number;
const started = new Set<ChildProcess>();

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "tikedge-stack-"));
  port = await freePort();
});

afterAll(async () => {
  await Promise.all([...started].map(end));
  await rm(stateDir, { recursive: true, force: true });
});

it(
  "starts, keeps others off its place, takes another Worker in, and leaves nothing behind after Ctrl-C",
  async () => {
    const main = run("main.ts", { PORT: String(port) });
    expect(await main.says("tikedge ready")).toContain(`tikedge ready http://127.0.0.1:${port}\n`);
    const stack = await running();
    expect(await statusOf(`${stack.baseUrl}/userid/?username=tiktok`, stack.tenants[0]?.apiKey)).toBe(200);
    expect(await statusOf(stack.cronUrl)).toBe(200);
    const pays = stack.tenants.find(({ name }) => name === "Public")?.id ?? "nobody";
    expect(await readFile(stateIn(stateDir).workerEnv, "utf8"), "who pays for warming").toContain(
      `PUBLIC_TENANT='${pays}'`,
    );

    const second = run("main.ts", { PORT: String(await freePort()) });
    expect(await second.exit()).toEqual({
      code: 1,
      output: expect.stringContaining(`a stack runs on ${stateDir} already`),
    });

    const joinedPort = await freePort();
    const joined = run("worker.ts", {}, ["--port", String(joinedPort)]);
    await joined.says("tikedge worker ready");
    expect(await statusOf(`http://127.0.0.1:${joinedPort}/healthz`)).toBe(200);
    const rival = run("worker.ts", {}, ["--port", String(joinedPort)]);
    const refusal = { code: 1, output: expect.stringContaining("a Worker runs there already") };
    expect(await rival.exit()).toEqual(refusal);
    expect(await statusOf(`http://127.0.0.1:${joinedPort}/healthz`)).toBe(200);

    const left = await leftBehind();
    expect(left.pids.length).toBeGreaterThan(0);
    expect(await end(main.process)).toBe(0);
    expect(await Promise.all(left.pids.map(commandOf))).toEqual(left.pids.map(() => null));
    expect(await membersOfGroup(left.group)).toEqual([]);
    expect(await stateIn(stateDir).running()).toBeNull();
    const farewell = { code: 0, output: expect.stringContaining("the stack has ended, and this Worker with it") };
    expect(await joined.exit()).toEqual(farewell);
  },
  LONG_MS,
);

it(
  "starts again after it was killed by force: with the same data and keys, and with nothing running twice",
  async () => {
    const killed = run("main.ts", { PORT: String(port) });
    await killed.says("tikedge ready");
    const before = await running();
    const orphans = await leftBehind();
    await query(before.databaseUrl, "CREATE TABLE kept AS SELECT 1 AS one");
    await withRedis(before.redisUrl, (redis) => redis.set("kept", "1"));
    killed.process.kill("SIGKILL");
    await killed.exit();

    const again = run("main.ts", { PORT: String(port) });
    await again.says("tikedge ready");
    const after = await running();
    expect(await Promise.all(orphans.pids.map(commandOf))).toEqual(orphans.pids.map(() => null));
    expect(await membersOfGroup(orphans.group)).toEqual([]);
    expect(after.tenants).toEqual(before.tenants);
    expect(await query(after.databaseUrl, "SELECT one FROM kept")).toEqual([{ one: 1 }]);
    // The embedded Redis keeps nothing.
    const kept = (await installedServer()) === null ? null : "1";
    expect(await withRedis(after.redisUrl, (redis) => redis.get("kept"))).toBe(kept);
    expect(await statusOf(`${after.baseUrl}/userid/?username=tiktok`, before.tenants[0]?.apiKey)).toBe(200);
    expect(await end(again.process)).toBe(0);
  },
  LONG_MS,
);

it("says which port is in use and how to take another one, and starts nothing", async () => {
  const stranger = createServer();
  await new Promise<void>((resolve) => {
    stranger.listen(port, "127.0.0.1", resolve);
  });
  const refused = run("main.ts", { PORT: String(port) });
  const message = `tikedge: port ${port} is in use: choose another one with PORT=${port + 1} npm run dev\n`;
  expect(await refused.exit()).toEqual({ code: 1, output: message });
  await new Promise((resolve) => stranger.close(resolve));
});

function run(script: string, env: Readonly<Record<string, string>>, args: readonly string[] = []) {
  const process_ = spawn(process.execPath, [join(ROOT, "dev", script), ...args], {
    env: Object.assign({}, process.env, EXTERNAL, { STATE_DIR: stateDir }, env),
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.add(process_);
  let output = "";
  const read = (chunk: Buffer): void => void (output += chunk.toString());
  process_.stdout.on("data", read);
  process_.stderr.on("data", read);
  const ended = new Promise<number | null>((resolve) => {
    process_.once("close", resolve);
  });
  return {
    process: process_,
    exit: async () => ({ code: await ended, output }),
    /** Waits for a line that begins with this; throws what was said instead when the program ends without it. */
    says: (line: string) =>
      new Promise<string>((resolve, reject) => {
        process_.stdout.on("data", () => output.includes(`\n${line}`) && resolve(output));
        void ended.then(() => reject(new Error(output)));
      }),
  };
}

/** What Ctrl-C does in a terminal: the whole group gets it. */
async function end(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return child.exitCode;
  const ended = new Promise<number | null>((resolve) => {
    child.once("close", resolve);
  });
  process.kill(-child.pid, "SIGINT");
  return ended;
}

async function running() {
  const stack = await stateIn(stateDir).running();
  if (stack === null) throw new Error("the stack has not announced itself");
  return stack;
}

/** The servers of the stack: what would go on without it. */
async function leftBehind(): Promise<{ readonly pids: readonly number[]; readonly group: number }> {
  const pids = [await firstLine("postgres/postmaster.pid"), await firstLine("redis/server.pid")];
  return { pids: pids.filter((pid) => pid !== 0), group: await firstLine("worker-main/worker.pid") };
}

async function firstLine(file: string): Promise<number> {
  return Number.parseInt(await readFile(join(stateDir, file), "utf8").catch(() => "0"), 10);
}

async function statusOf(url: string, apiKey = ""): Promise<number> {
  const response = await fetch(url, { headers: { "x-api-key": apiKey } });
  await response.arrayBuffer();
  return response.status;
}

async function query(url: string, statement: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

async function withRedis<Result>(url: string, use: (redis: Redis) => Promise<Result>): Promise<Result> {
  const redis = new Redis(url);
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}
