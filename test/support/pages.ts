import { expect } from "vitest";
import type { Page, PageOf } from "../../src/core/control-ports.ts";

/**
 * Reads a list to its end in pages of every size up to one more than it holds, and expects each row once, in one order, and a last page
 * that knows that it is the last. Returns the rows.
 */
export async function everyPage<Row>(list: (page: Page) => Promise<PageOf<Row>>): Promise<readonly Row[]> {
  const whole = await list({ limit: 100, after: null });
  expect(whole.next).toBeNull();
  const count = whole.rows.length;
  for (let limit = 1; limit <= count + 1; limit += 1) {
    const pages = await read(list, limit);
    expect(pages.flat()).toEqual(whole.rows);
    expect(pages).toHaveLength(Math.max(1, Math.ceil(count / limit)));
  }
  return whole.rows;
}

async function read<Row>(list: (page: Page) => Promise<PageOf<Row>>, limit: number): Promise<(readonly Row[])[]> {
  const pages: (readonly Row[])[] = [];
  let after: string | null = null;
  do {
    const page: PageOf<Row> = await list({ limit, after });
    pages.push(page.rows);
    after = page.next;
  } while (after !== null);
  return pages;
}
