import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import autocannon from "autocannon";
import * as v from "valibot";
import type { Saturate, Saturated } from "./load-child.ts";

const SCRIPT = join(import.meta.dirname, "wrk.lua");

/** What the script prints as its last line. */
const Summary = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ requests: v.number(), broken: v.number(), refused: v.number(), micros: v.number() }),
);

/** The generator there is: wrk, where it is installed, takes a tenth of the time of autocannon for the same load. */
export async function loadProgram(): Promise<"wrk" | "autocannon"> {
  const child = spawn("wrk", ["-v"], { stdio: "ignore" });
  return new Promise((resolve) => {
    child.once("error", () => resolve("autocannon")).once("exit", () => resolve("wrk"));
  });
}

export async function saturate(load: Saturate): Promise<Saturated> {
  return (await loadProgram()) === "wrk" ? byWrk(load) : byAutocannon(load);
}

async function byWrk({ asked, connections, seconds }: Saturate): Promise<Saturated> {
  const { origin, path, headers, renews } = asked;
  const fields = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "10s", "-s", SCRIPT, ...fields];
  const env = { ...process.env, ...(renews ? { WRK_RENEWS: "1" } : {}) };
  const child = spawn("wrk", [...args, `${origin}${path}`], { env, stdio: ["ignore", "pipe", "inherit"] });
  const kill = () => child.kill();
  process.once("exit", kill);
  const [output] = await Promise.all([text(child.stdout), once(child, "exit")]);
  process.off("exit", kill);
  const { micros, ...counts } = v.parse(Summary, output.trimEnd().split("\n").at(-1));
  return { ...counts, perSecond: (counts.requests * 1_000_000) / micros };
}

async function byAutocannon({ asked, connections, seconds }: Saturate): Promise<Saturated> {
  const { origin, path, headers, renews } = asked;
  let count = 0;
  const renew = (request: object) => ({ ...request, path: `${path}${(count += 1)}` });
  const result = await autocannon({
    url: origin,
    connections,
    duration: seconds,
    requests: [{ path, headers, ...(renews ? { setupRequest: renew } : {}) }],
  });
  return {
    requests: result.requests.total,
    perSecond: result.requests.total / result.duration,
    broken: result.errors + result.timeouts,
    refused: result["4xx"] + result["5xx"],
  };
}
