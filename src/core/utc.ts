import { utcDay } from "./key-rights.ts";

const DAY_MS = 86_400_000;

/** Whether `text` is a UTC month as `2026-11`, from the year 2000 on. */
export function isMonth(text: string): boolean {
  return /^2\d{3}-(?:0[1-9]|1[0-2])$/.test(text);
}

/** Whether `text` is a day that there is, as `2026-11-30`, from the year 2000 on. */
export function isDay(text: string): boolean {
  if (!/^2\d{3}-\d\d-\d\d$/.test(text)) return false;
  const atMs = Date.parse(text);
  // Of days that a month has not, JavaScript makes others: 31 February is 3 March.
  return !Number.isNaN(atMs) && utcDay(atMs) === text;
}

/** The UTC month of a time in Unix milliseconds, `2026-11`. */
export function monthOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 7);
}

/** When a month begins, Unix milliseconds; it ends when the one after it begins. */
export function monthStartMs(month: string): number {
  return Date.parse(`${month}-01`);
}

/** The month so many months later. */
export function monthsAfter(month: string, count: number): string {
  const start = new Date(monthStartMs(month));
  return monthOf(start.setUTCMonth(start.getUTCMonth() + count));
}

/** How many days there are from one to another, both included. */
export function countDays(from: string, to: string): number {
  return Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1);
}

/** Every day from one to another, both included. */
export function daysFrom(from: string, to: string): readonly string[] {
  return Array.from({ length: countDays(from, to) }, (_, at) => utcDay(Date.parse(from) + at * DAY_MS));
}

/** How many months after `from` a month is. */
export function monthsBetween(from: string, month: string): number {
  return monthCount(month) - monthCount(from);
}

function monthCount(month: string): number {
  return Number(month.slice(0, 4)) * 12 + Number(month.slice(5));
}
