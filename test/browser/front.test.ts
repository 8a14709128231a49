import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { expectReadable } from "../support/readable.ts";
import { useBrowser } from "../support/use-browser.ts";

describe("the front page", () => {
  const { visit } = useBrowser();

  it("can be read by everybody, and leads to everything else", async () => {
    const page = await visit();
    await page.goto("/");
    expect(await page.title()).toBe("TikTok data, each credit spent once · Tikedge");
    for (const href of ["/dashboard", "/docs/", "/tags", "/healthz"])
      expect(await page.locator(`a[href="${href}"]`).count(), href).toBeGreaterThan(0);
    await expectReadable(page);
  });

  it("is gone through by keyboard: first past the navigation, and what has the focus is marked", async () => {
    const page = await visit();
    await page.goto("/");
    await page.keyboard.press("Tab");
    expect(await focused(page)).toMatchObject({ text: "Skip to content", isMarked: true, isSeen: true });
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await focused(page)).toMatchObject({ isInMain: true, isMarked: true });
  });

  it("has nothing that a page of an error has not: it can be read, and says its request", async () => {
    const page = await visit({ refusals: [[404, "/dashboard/nowhere"]] });
    await page.goto("/dashboard/nowhere%3Cscript%3Ealert(1)%3C/script%3E");
    expect(await page.locator("h1").textContent()).toBe("Unknown endpoint");
    expect(await page.locator("main code").last().textContent()).toMatch(/^[0-9a-f-]{36}$/);
    await expectReadable(page);
  });
});

type Focused = {
  readonly text: string;
  readonly isMarked: boolean;
  readonly isSeen: boolean;
  readonly isInMain: boolean;
};

function focused(page: Page): Promise<Focused> {
  return page.evaluate<Focused>(`(() => {
    const element = document.activeElement;
    const { left, right, top } = element.getBoundingClientRect();
    return {
      text: element.textContent.trim(),
      isMarked: getComputedStyle(element).outlineStyle !== "none",
      isSeen: left >= 0 && right > left && top >= 0,
      isInMain: element.closest("main") !== null && element.localName !== "main",
    };
  })()`);
}
