import { createInterface } from "node:readline";
import * as v from "valibot";
import { unstable_startWorker } from "wrangler";

/** One line of JSON on standard input; secrets are no arguments, which other users of the machine can read. */
const Start = v.object({
  config: v.string(),
  entrypoint: v.string(),
  settings: v.record(v.string(), v.string()),
});

/** What the line begins with that tells where the Worker answers: wrangler has things to say as well. */
export const READY = "ready ";

export type Start = v.InferOutput<typeof Start>;

if (import.meta.main) serve();

/**
 * A process that runs one Worker, in workerd's own process, both in one group: killing the group is what a machine that goes away is to
 * the Worker. Its port is told on standard output. When its parent is gone, its standard input ends, and with it the group: a
 * run that is killed by force leaves no Worker behind.
 */
function serve(): void {
  const input = createInterface({ input: process.stdin });
  input.once("line", (line) => void run(line));
  input.once("close", () => process.kill(-process.pid, "SIGKILL"));
}

async function run(line: string): Promise<void> {
  const { config, entrypoint, settings } = v.parse(v.pipe(v.string(), v.parseJson(), Start), line);
  const bindings = Object.entries(settings).map(([name, value]) => [name, { type: "secret_text", value }] as const);
  const worker = await unstable_startWorker({
    config,
    entrypoint,
    bindings: Object.fromEntries(bindings),
    build: { bundle: false, moduleRules: [{ type: "ESModule", globs: ["*.js"] }] },
    dev: {
      server: { hostname: "127.0.0.1", port: 0 },
      inspector: false,
      persist: false,
      watch: false,
      logLevel: "none",
      structuredLogsHandler: ({ message }: { message: string }) => process.stderr.write(`${message}\n`),
    },
  });
  await worker.ready;
  const { origin } = await worker.url;
  process.stdout.write(`${READY}${origin}\n`);
}
