import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, BrowserContext } from "playwright-core";
import { findChromium, launchChromium } from "./chromium.ts";
import { answerPictures } from "./screenshots/pictures.ts";
import { shots, type Shot } from "./screenshots/shots.ts";
import { startOwnStack } from "./screenshots/own-stack.ts";
import { leaveTraces } from "./screenshots/traces.ts";
import { readSettings } from "./settings.ts";
import { runUntilStopped } from "./teardown.ts";

const WIDTHS = [390, 1_440] as const;
const SCHEMES = ["light", "dark"] as const;

/** `npm run screenshots`: every page, as somebody sees it who has used the gateway for a month, into STATE_DIR/screenshots. */
await runUntilStopped(async (teardown, signal) => {
  const chromium = findChromium();
  if (chromium === undefined)
    throw new Error("there is no Chromium to take pictures with: install it, or set CHROMIUM=/its/path");
  const dir = join(readSettings(process.env).STATE_DIR, "screenshots");
  await mkdir(dir, { recursive: true });
  // A stack of its own: what the pictures show is invented, and has no place in anybody's database.
  const running = await startOwnStack({ dir: join(dir, "stack"), teardown, signal });
  await leaveTraces(running);
  const browser = await launchChromium(chromium);
  teardown.add(() => browser.close());
  for (const shot of shots(running)) {
    signal.throwIfAborted();
    await take(shot, { browser, dir, baseURL: running.baseUrl });
  }
});

type Studio = { readonly browser: Browser; readonly dir: string; readonly baseURL: string };

/** A page is opened once, and looked at in each light and width: what it does happens once. */
async function take({ name, open }: Shot, { browser, dir, baseURL }: Studio): Promise<void> {
  const context = await browser.newContext({ baseURL, viewport: { width: 1_440, height: 900 } });
  try {
    await answerPictures(context, baseURL);
    await photograph(context, { name, open }, dir);
  } finally {
    await context.close();
  }
}

async function photograph(context: BrowserContext, { name, open }: Shot, dir: string): Promise<void> {
  const page = await context.newPage();
  await open(page);
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const path = join(dir, `${name}-${width}-${colorScheme}.png`);
      await page.screenshot({ path, fullPage: true });
      console.log(path);
    }
  }
}
