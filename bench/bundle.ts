import { mkdir, readFile, writeFile } from "node:fs/promises";

import { basename, dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { freePort } from "../dev/ports.ts";
import { end, startServer, type ServerProcess } from "../dev/processes.ts";
import { median } from "./spread.ts";
import { deployedOn } from "./workers.ts";
import { WORKERD } from "./workerd.ts";

const START_PAIRS = 11;
const START_LIMIT_MS = 10_000;
const EMPTY = "export default { fetch() { return new Response(); } };";

/** The size of a built Worker as it is uploaded and counted by Cloudflare, KiB. */
export async function gzipKib(file: string): Promise<number> {
  return gzipSync(await readFile(file), { level: 9 }).byteLength / 1_024;
}

/**
 * How much longer a workerd takes from its start to its first answer with this Worker than with an empty one, milliseconds: the median
 * of `START_PAIRS` pairs. The Worker has no settings here, so it answers with an error; its code was read, compiled and run all the same.
 */
export async function startUpMs(file: string, dir: string): Promise<number> {
  const emptyFile = join(dir, "empty", "empty.js");
  await mkdir(dirname(emptyFile), { recursive: true });
  await writeFile(emptyFile, EMPTY);
  const beyond: number[] = [];
  for (let start = 0; start < START_PAIRS; start += 1) {
    const emptyMs = await firstAnswerMs(emptyFile);
    beyond.push((await firstAnswerMs(file)) - emptyMs);
  }
  return median(beyond);
}

async function firstAnswerMs(file: string): Promise<number> {
  const port = await freePort();
  const config = `${file}.capnp`;
  await writeFile(config, configOf(basename(file), port));
  const startedMs = performance.now();
  const server = startServer(WORKERD, ["serve", config], { logFile: `${file}.log` });
  try {
    await answers(server, `http://127.0.0.1:${port}/`);
    return performance.now() - startedMs;
  } finally {
    await end(server.pid);
  }
}

function configOf(file: string, port: number): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "worker", esModule = embed "${file}")], compatibilityDate = "${deployedOn()}"))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
`;
}

/** Asks every millisecond, since milliseconds are what is measured. */
async function answers(server: ServerProcess, url: string): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  while (server.isRunning() && Date.now() < deadline) {
    const response = await fetch(url).catch(() => null);
    if (response !== null) return void (await response.arrayBuffer());
    await wait(1);
  }
  throw new Error("workerd does not answer");
}
