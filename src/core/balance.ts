import type { BalanceView } from "./statement-resources.ts";
import type { Spending } from "./statement-ports.ts";

const DAY_MS = 86_400_000;

/** What is left on a key by its last reading and the books. Credits bought since are not known before the next reading. */
export function balanceOf(upstreamKeyId: string, spending: Spending | undefined, nowMs: number): BalanceView {
  if (spending === undefined) return { upstream_key_id: upstreamKeyId, ...UNREAD };
  const { reading, charged, inDoubt, chargedLastDay } = spending;
  const least = reading.balance - charged - inDoubt;
  const leftMs = chargedLastDay === 0 ? null : (Math.max(0, least) / chargedLastDay) * DAY_MS;
  return {
    upstream_key_id: upstreamKeyId,
    read_at: reading.read_at,
    estimated_balance: reading.balance - charged,
    least_balance: least,
    credits_a_day: chargedLastDay,
    gone_at: leftMs === null ? null : goneAt(nowMs + leftMs),
  };
}

/** Whether the operator has to buy: what is left for sure is little, or gone within a day. */
export function isLow({ least_balance, gone_at }: BalanceView, leastCredits: number, nowMs: number): boolean {
  if (least_balance === null) return false;
  return least_balance < leastCredits || (gone_at !== null && Date.parse(gone_at) < nowMs + DAY_MS);
}

const UNREAD = { read_at: null, estimated_balance: null, least_balance: null, credits_a_day: null, gone_at: null };

/** The last time that JavaScript knows: a balance that outlasts it lasts long enough. */
const LAST_MS = 8_640_000_000_000_000;

function goneAt(atMs: number): string | null {
  return atMs > LAST_MS ? null : new Date(atMs).toISOString();
}
