import { existsSync } from "node:fs";
import type { Browser } from "playwright-core";

/** Where Debian and its kin put it. */
const USUAL = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];

/** None of these asks anybody on the network for anything by itself. */
const QUIET = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"];

/** The Chromium that `CHROMIUM` names, else the system's; undefined where there is none. */
export function findChromium(named = process.env["CHROMIUM"] ?? ""): string | undefined {
  return (named === "" ? USUAL : [named]).find((path) => existsSync(path));
}

/** Starts it without a window. It opens our own pages only, so it needs no sandbox, which root could not have. */
export async function launchChromium(executablePath: string): Promise<Browser> {
  // Read when somebody launches: whoever only wants to know whether there is one need not wait for it.
  const { chromium } = await import("playwright-core");
  return chromium.launch({ executablePath, args: [...QUIET, "--no-sandbox", "--disable-gpu", "--disable-sync"] });
}
