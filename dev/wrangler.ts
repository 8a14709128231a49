import { join } from "node:path";

/** The checkout: where wrangler.toml stands. */
export const ROOT = join(import.meta.dirname, "..");

/** The environment in which wrangler neither asks nor reports anything. */
export const QUIET_WRANGLER = {
  ...process.env,
  WRANGLER_SEND_METRICS: "false",
  // Otherwise it asks Cloudflare for sample data of a request at every start.
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};

/** How to call wrangler: with the node that runs this, since the one on the PATH may be too old for it. */
export function wrangler(args: readonly string[]): [command: string, args: readonly string[]] {
  return [process.execPath, [join(ROOT, "node_modules", "wrangler", "bin", "wrangler.js"), ...args]];
}
