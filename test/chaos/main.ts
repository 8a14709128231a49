import { join } from "node:path";
import { parseArgs } from "node:util";
import { Client } from "pg";
import { orExit } from "../../dev/or-exit.ts";
import { buildWorker, startServers, type RealServers } from "../support/real-servers.ts";
import { runChaos, type Report } from "./chaos.ts";
import { FAILPOINTS } from "./failpoints.ts";
import { PART_FAULTS, UPSTREAM_FAULTS } from "./faults.ts";

const FAILPOINT_WORKER = "test/chaos/failpoint-worker.ts";

/**
 * `npm run chaos -- --seed N --seconds S`: one run, told on standard output. Ends with 1 when something did not hold. `--faults` and
 * `--failpoints` narrow down what it draws from: names separated by commas, or nothing for none.
 */
const { values } = orExit(() =>
  parseArgs({
    options: {
      seed: { type: "string" },
      seconds: { type: "string", default: "30" },
      faults: { type: "string" },
      failpoints: { type: "string" },
    },
  }),
);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const seconds = Number(values.seconds);
if (!Number.isInteger(seed) || !(seconds >= 1)) throw new Error("say: npm run chaos -- --seed 7 --seconds 30");

const servers = await startServers();
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => void servers.stop().then(() => process.exit(1)));
try {
  await buildWorker({ outdir: join(servers.dir, "failpoints"), entry: FAILPOINT_WORKER });
  process.stdout.write(`seed ${seed}, ${seconds} s\n`);
  const report = await runChaos({
    seed,
    seconds,
    ...(values.faults === undefined ? {} : { faults: namesIn(values.faults, [...PART_FAULTS, ...UPSTREAM_FAULTS]) }),
    ...(values.failpoints === undefined ? {} : { failpoints: namesIn(values.failpoints, FAILPOINTS) }),
    databaseUrl: await databaseIn(servers),
    redisUrl: `${servers.redisUrl}/1`,
    workerConfig: servers.workerConfig,
    entrypoint: join(servers.dir, "failpoints", "failpoint-worker.js"),
    logFile: join(servers.dir, "workers.log"),
  });
  process.stdout.write(summary(report));
  process.exitCode = report.violations.length === 0 ? 0 : 1;
} finally {
  await servers.stop();
}

function namesIn<Name extends string>(text: string, known: readonly Name[]): readonly Name[] {
  return text
    .split(",")
    .filter((name) => name !== "")
    .map((name) => {
      const found = known.find((each) => each === name);
      if (found === undefined) throw new Error(`"${name}" is none of ${known.join(", ")}`);
      return found;
    });
}

async function databaseIn({ postgresUrl }: RealServers): Promise<string> {
  const client = new Client({ connectionString: postgresUrl });
  await client.connect();
  await client.query("CREATE DATABASE chaos TEMPLATE tikedge_template");
  await client.end();
  const url = new URL(postgresUrl);
  url.pathname = "/chaos";
  return url.href;
}

function summary({ requests, faults, kills, drainedAfterMs, violations, seed }: Report): string {
  const row = (name: string, counts: Readonly<Record<string, number>>) =>
    `${name.padEnd(9)} ${Object.entries(counts)
      .toSorted(([one], [other]) => one.localeCompare(other))
      .map(([what, times]) => `${what} ${times}`)
      .join(", ")}\n`;
  const drained =
    drainedAfterMs === null ? "not within its time" : `${(drainedAfterMs / 1_000).toFixed(1)} s after healing`;
  const held = violations.length === 0 ? "everything held\n" : violations.map((each) => `VIOLATED  ${each}\n`).join("");
  return `${row("requests", requests)}${row("faults", faults)}${row("kills", kills)}drained   ${drained}\n${held}seed      ${seed}\n`;
}
