import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as v from "valibot";
import { commandOf, isGone } from "./processes.ts";

/** How long a stack that was just asked to end may take. */
const ENDING_MS = 3_000;

const Secrets = v.object({
  adminToken: v.string(),
  upstashToken: v.string(),
  pepper: v.string(),
  encryptionKey: v.string(),
  rolePassword: v.string(),
  platformKey: v.string(),
  byoKey: v.string(),
});

const Tenant = v.object({
  id: v.string(),
  name: v.string(),
  plan: v.picklist(["free", "pro", "enterprise"]),
  keyMode: v.picklist(["shared", "byo"]),
  status: v.picklist(["active", "suspended"]),
  apiKey: v.string(),
});

/** What a running stack tells those who want to use it; written when everything answers, gone when it ends. */
const Running = v.object({
  baseUrl: v.string(),
  adminToken: v.string(),
  tenants: v.array(Tenant),
  upstreamUrl: v.string(),
  redisUrl: v.string(),
  /** A superuser's. */
  databaseUrl: v.string(),
  /** Fires a cron: add `?cron=` and its expression. */
  cronUrl: v.string(),
});

export type Secrets = v.InferOutput<typeof Secrets>;
export type Running = v.InferOutput<typeof Running>;

/** The files of one local stack, below its STATE_DIR. */
export function stateIn(stateDir: string) {
  const at = (name: string): string => join(stateDir, name);
  return {
    postgresDir: at("postgres"),
    redisDir: at("redis"),
    workerEnv: at("worker.env"),
    workerDir: (name: string): string => at(`worker-${name}`),

    /** Made at the first start, the same ever after: what they sealed or hashed is in the database. */
    async secrets(): Promise<Secrets> {
      const known = await readJson(Secrets, at("secrets.json"));
      const secrets = known ?? newSecrets();
      if (known === null) await writePrivate(at("secrets.json"), JSON.stringify(secrets));
      return secrets;
    },

    /** The tenants of an earlier start: the database holds only digests of their keys. */
    knownTenants: () => readJson(v.object({ tenants: v.array(Tenant) }), at("seed.json")),
    rememberTenants: (tenants: Running["tenants"]) => writePrivate(at("seed.json"), JSON.stringify({ tenants })),

    running: () => readJson(Running, at("dev.json")),
    announce: (running: Running) => writePrivate(at("dev.json"), `${JSON.stringify(running, null, 2)}\n`),
    withdraw: () => rm(at("dev.json"), { force: true }),

    /** Refuses when another stack runs here, unless it is about to end. Resolves to what gives the place back. */
    async lock(): Promise<() => Promise<void>> {
      await mkdir(stateDir, { recursive: true, mode: 0o700 });
      const file = at("dev.pid");
      const holder = Number(await readFile(file, "utf8").catch(() => "0"));
      // A holder that was killed does not count, nor does a stranger that got its number.
      const runs = holder !== process.pid && (await commandOf(holder))?.includes(join("dev", "main.ts"));
      if (runs && !(await isGone(holder, ENDING_MS))) {
        throw new Error(`a stack runs on ${stateDir} already (process ${holder}): end it, or set another STATE_DIR`);
      }
      await writePrivate(file, String(process.pid));
      return () => rm(file, { force: true });
    },
  };
}

export type State = ReturnType<typeof stateIn>;

/** The text of an env file. Values are taken literally: neither a dollar sign nor a hash means anything in them. */
export function envFile(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}='${value.replaceAll("$", String.raw`\$`)}'\n`)
    .join("");
}

/** Appears whole or not at all, for its owner alone. */
export async function writePrivate(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** Made for one local stack: none of them opens anything else. */
export function newSecrets(): Secrets {
  return {
    adminToken: secret(24, "hex"),
    upstashToken: secret(24, "hex"),
    pepper: secret(32, "base64"),
    encryptionKey: secret(32, "base64"),
    rolePassword: secret(16, "hex"),
    platformKey: `local-platform-${secret(8, "hex")}`,
    byoKey: `local-byo-${secret(8, "hex")}`,
  };
}

function secret(bytes: number, encoding: "hex" | "base64"): string {
  return randomBytes(bytes).toString(encoding);
}

async function readJson<Output>(schema: v.GenericSchema<unknown, Output>, path: string): Promise<Output | null> {
  const text = await readFile(path, "utf8").catch(() => null);
  return text === null ? null : v.parse(v.pipe(v.string(), v.parseJson(), schema), text);
}
