const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** `1.2M`; a dash for what is not known. */
export function compact(count: number | null): string {
  return count === null ? "–" : COMPACT.format(count);
}

/** `1,234,567`; a dash for what is not known. */
export function exact(count: number | null): string {
  return count === null ? "–" : count.toLocaleString("en");
}
