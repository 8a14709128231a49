import type { Page } from "playwright-core";

export type Focused = {
  readonly text: string;
  /** Whether somebody can see that it has the focus. */
  readonly isMarked: boolean;
  readonly isSeen: boolean;
  readonly isInMain: boolean;
};

/** What would get the next key. */
export function focused(page: Page): Promise<Focused> {
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
