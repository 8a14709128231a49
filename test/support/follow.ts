import type { Locator } from "playwright-core";

/** Clicks what leads to another page, and is back when that is there: what is read at once would still be read of the page before. */
export async function follow(link: Locator): Promise<void> {
  await Promise.all([link.page().waitForEvent("load"), link.click()]);
}
