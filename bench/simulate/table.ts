import { type Column, table as markdown } from "../markdown.ts";
import type { Tally } from "./tally.ts";

/** TikLiveAPI's price of a credit, by its smallest pack: $9.90 per 100,000. */
const DOLLARS_PER_CREDIT = 9.9 / 100_000;

const DAYS = 30;

const wholes = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

const columns = (least: Tally): readonly Column<Tally>[] => [
  { title: "design", cell: ({ name }) => name },
  { title: "upstream calls", cell: ({ calls }) => wholes.format(calls) },
  { title: "to the least", cell: ({ calls }) => (calls / least.calls).toFixed(4) },
  { title: "saved", cell: (tally) => percent(savedOf(tally), tally.requests) },
  { title: "waited", cell: ({ waited, requests }) => percent(waited, requests) },
  { title: "user info, mean / oldest s", cell: (tally) => ages(tally.age("userinfo-by-username", "userinfo-by-id")) },
  { title: "posts, mean / oldest s", cell: (tally) => ages(tally.age("user-posts")) },
  { title: "credits saved a day", cell: (tally) => wholes.format(savedOf(tally)) },
  { title: "a month", cell: (tally) => wholes.format(savedOf(tally) * DAYS) },
  { title: "$ a month", cell: (tally) => wholes.format(savedOf(tally) * DAYS * DOLLARS_PER_CREDIT) },
  { title: "refresh messages", cell: ({ refreshMessages }) => wholes.format(refreshMessages) },
];

/** What the guide itself counts on, by rates of hits that it assumes. */
export const GUIDES_CLAIM = `The guide counts on 64,800 of 80,000 credits saved a day: ${wholes.format(64_800 * DAYS)} a month, ${wholes.format(64_800 * DAYS * DOLLARS_PER_CREDIT)} $.`;

/** All designs beside each other, as Markdown. */
export function table(tallies: readonly Tally[], least: Tally): string {
  return markdown(tallies, columns(least));
}

/** Who got no answer saved nothing. */
function savedOf({ requests, calls, refusals }: Tally): number {
  return requests - calls - Array.from(refusals.values()).reduce((sum, count) => sum + count, 0);
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}

function ages({ meanMs, maxMs }: ReturnType<Tally["age"]>): string {
  return `${wholes.format(meanMs / 1_000)} / ${wholes.format(maxMs / 1_000)}`;
}
