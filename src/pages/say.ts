const COUNT = new Intl.NumberFormat("en-US");
const COMPACT = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
const MONEY = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD", maximumFractionDigits: 4 });
const RATIO = new Intl.NumberFormat("en-US", { style: "percent", maximumFractionDigits: 1 });

/** `12,345`; a dash for what there is none of. */
export function count(value: number | null): string {
  return value === null ? "–" : COUNT.format(value);
}

/** `1.2M`, where its size is what matters; a dash for what is not known. */
export function compact(value: number | null): string {
  return value === null ? "–" : COMPACT.format(value);
}

/** `$12.30`, from cents. */
export function money(cents: number): string {
  return MONEY.format(cents / 100);
}

/** `41.3%`; a dash where there is nothing to be a part of. */
export function ratio(part: number | null): string {
  return part === null ? "–" : RATIO.format(part);
}

/** A thing that people may give a name to and need not. */
export function called({ name, id }: { readonly name: string; readonly id: string }): string {
  return name === "" ? id : name;
}

/** `2026-11-22 18:04 UTC`, from a time as `/v1` says it. */
export function time(at: string | null): string {
  return at === null ? "–" : `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`;
}

/** A time in Unix milliseconds, likewise. */
export function timeOf(atMs: number): string {
  return time(new Date(atMs).toISOString());
}
