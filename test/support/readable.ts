import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { expect } from "vitest";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The widest screen in the light, and the narrowest in the dark: rules about colours depend on the one alone, about room on the other. */
const LOOKS = [
  { colorScheme: "light", width: 1_600 },
  { colorScheme: "dark", width: 320 },
] as const;

/** Expects that a page can be read by everybody: axe finds nothing, nothing is cut off or scrolls sideways, no picture is broken. */
export async function expectReadable(page: Page): Promise<void> {
  // Once per document; the debugger may do what the page's own policy forbids to scripts.
  await page.evaluate(AXE);
  for (const { colorScheme, width } of LOOKS) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.setViewportSize({ width, height: 900 });
    const found = await page.evaluate<Look>(LOOK);
    expect({ at: `${page.url()} ${colorScheme} ${width}`, ...found }).toEqual({
      at: expect.any(String),
      violations: [],
      sideways: 0,
      broken: [],
    });
  }
}

type Look = {
  readonly violations: readonly string[];
  readonly sideways: number;
  readonly broken: readonly string[];
};

const LOOK = `(async () => {
  const { violations } = await axe.run();
  const { scrollWidth, clientWidth } = document.documentElement;
  const pictures = [...document.images].filter((image) => image.complete && image.naturalWidth === 0);
  return {
    violations: violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ": " + html)),
    sideways: Math.max(0, scrollWidth - clientWidth),
    broken: pictures.map((image) => image.src),
  };
})()`;
