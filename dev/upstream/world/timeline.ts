import { hash32 } from "./draws.ts";

/** Something that keeps happening, about every so often; the newest `size` of it can be seen. */
export type Line = { readonly key: string; readonly everySeconds: number; readonly size: number };

/** `index` counts from the beginning of time, so it names the same happening whenever it is looked at. */
export type Happening = { readonly index: number; readonly atSeconds: number };

/** Where a page begins: after so many of the newest, or before a time. */
export type Cursor = { readonly skip: number } | { readonly beforeSeconds: number };

/** Which part of a list is asked for. */
export type Span = { readonly cursor: Cursor; readonly count: number };

/** Part of a list, and whether there is more after it. */
export type Slice<T> = { readonly items: readonly T[]; readonly hasMore: boolean };

/** What had happened by `nowSeconds`, newest first. */
export function sliceOfLine(line: Line, nowSeconds: number, { cursor, count }: Span): Slice<Happening> {
  const newest = indexBefore(line, nowSeconds + 1);
  const oldest = newest - line.size + 1;
  const first = "skip" in cursor ? newest - cursor.skip : Math.min(newest, indexBefore(line, cursor.beforeSeconds));
  const last = Math.max(oldest, first - count + 1);
  const items: Happening[] = [];
  for (let index = first; index >= last; index -= 1) items.push({ index, atSeconds: timeOf(line, index) });
  return { items, hasMore: last > oldest };
}

/** A whole line, newest first. */
export function wholeLine(line: Line, nowSeconds: number): readonly Happening[] {
  return sliceOfLine(line, nowSeconds, { cursor: { skip: 0 }, count: line.size }).items;
}

/** A page of a list that is at hand as a whole. */
export function sliceOfList<T>(list: readonly T[], { cursor, count }: Span): Slice<T> {
  const skip = "skip" in cursor ? cursor.skip : 0;
  return { items: list.slice(skip, skip + count), hasMore: skip + count < list.length };
}

/** The offset cursor of the page after this one. */
export function nextOffset({ cursor }: Span, taken: number): number {
  return ("skip" in cursor ? cursor.skip : 0) + taken;
}

function indexBefore(line: Line, seconds: number): number {
  let index = Math.floor(seconds / line.everySeconds);
  while (timeOf(line, index) >= seconds) index -= 1;
  return index;
}

/** Irregular by less than one interval: the order of happenings is the order of their indices. */
function timeOf(line: Line, index: number): number {
  return index * line.everySeconds + (hash32(`${line.key}#${index}`) % Math.ceil(line.everySeconds * 0.9));
}
