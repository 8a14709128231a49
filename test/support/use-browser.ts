import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { findChromium, launchChromium } from "../../dev/chromium.ts";
import { hearComplaints, unexpected, type Refusal } from "./complaints.ts";
import type { Settings } from "./gateway.ts";
import { SentPages } from "./sent-pages.ts";
import { useGateway, type Running } from "./use-gateway.ts";

export type Visit = Pick<BrowserContextOptions, "javaScriptEnabled" | "colorScheme"> & {
  readonly width?: number;
  /** Refusals that the test is about; any other one fails it. */
  readonly refusals?: readonly Refusal[];
};

export type Visited = {
  readonly running: () => Running;
  /** A page of a visitor who was never here: no cookies, nothing cached. After the test nothing may have been wrong with any. */
  readonly visit: (visit?: Visit) => Promise<Page>;
  /** A secret that a page has just shown: no other page may have it. */
  readonly shownOnce: (secret: string) => void;
};

/** One gateway and one Chromium for the tests of a describe block. */
export function useBrowser(settings: Settings = {}): Visited {
  const running = useGateway(settings);
  const visits: { readonly complaints: string[]; readonly refusals: readonly Refusal[] }[] = [];
  const sent = new SentPages();
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await launchChromium(findChromium() ?? "");
  });
  afterAll(() => browser?.close());
  afterEach(async () => {
    await sent.tell(running().gateway.seen);
    for (const context of browser?.contexts() ?? []) await context.close();
    const wrong = visits.splice(0).flatMap(({ complaints, refusals }) => unexpected(complaints, refusals));
    expect(wrong, "what was wrong with the pages").toEqual([]);
  });
  return {
    running,
    shownOnce: (secret) => sent.shownOnce(secret),
    visit: async ({ width = 1_280, refusals = [], ...options } = {}) => {
      if (browser === undefined) throw new Error("the browser is used outside a test");
      const { url } = running().gateway;
      const viewport = { width, height: 900 };
      const context = await browser.newContext({ baseURL: url, viewport, ...options });
      context.setDefaultTimeout(20_000);
      const complaints: string[] = [];
      visits.push({ complaints, refusals });
      await hearComplaints(context, url, complaints);
      context.on("response", (response) => sent.add(response));
      return context.newPage();
    },
  };
}
