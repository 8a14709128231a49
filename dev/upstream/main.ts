import { parseArgs } from "node:util";
import { orExit } from "../or-exit.ts";
import { startUpstream } from "./server.ts";

/** A key without an end to its credits, and one as it is after signing up: a hundred credits, no downloads. */
const KEYS = {
  "sandbox-key": { state: "active", credits: null, downloadTier: true },
  "trial-key": { state: "active", credits: 100, downloadTier: false },
} as const;

const { values } = orExit(() => parseArgs({ options: { port: { type: "string", default: "9090" } } }));

const upstream = await startUpstream({
  port: Number(values.port),
  keys: KEYS,
  latency: { p50Ms: 750, p99Ms: 2_500 },
  rateLimit: true,
}).catch((error: unknown) => {
  console.error(`no upstream on port ${values.port}: ${String(error)}. Another one: --port N`);
  process.exit(1);
});
console.log(`emulated upstream ${upstream.url}, keys: ${Object.keys(KEYS).join(", ")}`);
console.log(`curl -H 'X-Api-Key: sandbox-key' '${upstream.url}/userid/?username=tiktok'`);

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void upstream.close());
