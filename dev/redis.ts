import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { createRedisServer } from "js-redis-server";
import { freePort } from "./ports.ts";
import { becomesReady, commandOf, end, startServer } from "./processes.ts";

export type RedisKind = "external" | "redis-server" | "valkey-server" | "embedded";

export type RedisOptions = {
  /** Where a real server keeps its data; the embedded one keeps none. */
  readonly dir: string;
  readonly port?: number;
  readonly databases?: number;
  /** A server that runs already, and is left alone. */
  readonly externalUrl?: string | undefined;
  /** Takes this kind instead of the best there is. */
  readonly kind?: Exclude<RedisKind, "external">;
};

export type RunningRedis = { readonly url: string; readonly kind: RedisKind; stop(): Promise<void> };

/** Gives a Redis: the external one, else a server of this machine, else the embedded one, which is the same in JavaScript. */
export async function startRedis(options: RedisOptions): Promise<RunningRedis> {
  const { externalUrl } = options;
  if (externalUrl !== undefined) {
    await requireAnswer(externalUrl);
    return { url: externalUrl, kind: "external", stop: async () => undefined };
  }
  const kind = options.kind ?? (await installedServer()) ?? "embedded";
  return kind === "embedded" ? startEmbedded(options) : startInstalled(kind, options);
}

async function requireAnswer(url: string): Promise<void> {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  redis.on("error", () => undefined);
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`the Redis of REDIS_URL cannot be reached: ${reason}`, { cause: error });
  } finally {
    redis.disconnect();
  }
}

/** The server on the PATH, if there is one. */
export async function installedServer(): Promise<"redis-server" | "valkey-server" | null> {
  for (const name of ["redis-server", "valkey-server"] as const) {
    const runs = await promisify(execFile)(name, ["--version"]).then(
      () => true,
      () => false,
    );
    if (runs) return name;
  }
  return null;
}

async function startEmbedded({ port = 0, databases = 16 }: RedisOptions): Promise<RunningRedis> {
  const server = await createRedisServer({ port, databaseCount: databases });
  return { url: `redis://127.0.0.1:${server.port}`, kind: "embedded", stop: () => server.close() };
}

async function startInstalled(kind: "redis-server" | "valkey-server", options: RedisOptions): Promise<RunningRedis> {
  const dir = resolve(options.dir);
  await mkdir(dir, { recursive: true });
  await endLeftoverRedis(dir);
  const port = options.port ?? (await freePort());
  const logFile = join(dir, "server.log");
  const where = ["--port", String(port), "--bind", "127.0.0.1", "--dir", dir];
  const keeping = ["--appendonly", "yes", "--save", "", "--databases", String(options.databases ?? 16)];
  const server = startServer(kind, [...where, ...keeping], { logFile });
  await writeFile(pidFileIn(dir), `${server.pid}\n${port}\n`);
  const url = `redis://127.0.0.1:${port}`;
  const stop = (): Promise<void> => end(server.pid);
  if (await becomesReady(server, { isReady: () => accepts(url), withinMs: 30_000 })) return { url, kind, stop };
  await stop();
  throw new Error(`${kind} does not start: see ${logFile}`);
}

/** Ends the server that outlived its parent. It shows its port in its command line, which tells it from a stranger. */
export async function endLeftoverRedis(dir: string): Promise<void> {
  const [pid = "", port = ""] = (await readFile(pidFileIn(dir), "utf8").catch(() => "")).split("\n");
  if (pid === "" || port === "") return;
  const command = await commandOf(Number(pid));
  if (command?.includes("-server") && command.includes(port)) await end(Number(pid));
}

function pidFileIn(dir: string): string {
  return join(dir, "server.pid");
}

async function accepts(url: string): Promise<boolean> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  redis.on("error", () => undefined);
  try {
    await redis.connect();
    return true;
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
}
