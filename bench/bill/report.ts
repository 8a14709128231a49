import { COSTS, type CostClass } from "../costs.ts";
import { table } from "../markdown.ts";
import { billOf, infrastructure, total, usedBy, type Bill } from "./bill.ts";
import type { Billed, Compared } from "./designs.ts";
import { BY_OPERATION, EVERY_REQUEST, STOCK_COMMANDS } from "./guides-day.ts";
import type { Line } from "./our-day.ts";
import { FIXED_REDIS, PRICES, PRICES_OF, SOURCES } from "./prices.ts";

const MILLION = 1_000_000;
const DAYS = 30;

const wholes = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const dollars = (sum: number) => sum.toFixed(2);

/** List prices, with where they stand. */
export function pricesTable(): string {
  return `List prices of ${PRICES_OF}:\n\n${table(SOURCES, [
    { title: "what", cell: ({ what }) => what },
    { title: "price", cell: ({ price }) => price },
    { title: "by", cell: ({ by }) => by },
  ])}`;
}

/** Dollars for a million of each class, by itself. */
export function classesTable(): string {
  const rows = (Object.keys(COSTS) as CostClass[]).map((name) => ({
    name,
    bill: billOf(usedBy(COSTS[name], MILLION)),
    cost: COSTS[name],
  }));
  return table(rows, [
    { title: "class", cell: ({ name }) => name },
    { title: "awaited in turn", cell: ({ cost }) => String(cost.awaited) },
    { title: "of Redis", cell: ({ cost }) => String(cost.awaitedOfRedis) },
    { title: "Redis requests", cell: ({ cost }) => String(cost.roundTrips) },
    { title: "commands (writes)", cell: ({ cost }) => `${cost.commands} (${cost.writes})` },
    { title: "messages", cell: ({ cost }) => String(cost.messages) },
    { title: "fetches", cell: ({ cost }) => String(cost.subrequests) },
    { title: "Cache API", cell: ({ cost }) => String(cost.cacheOperations) },
    { title: "$ per million, credits apart", cell: ({ bill }) => dollars(infrastructure(bill)) },
    { title: "credits $", cell: ({ bill }) => (bill.credits === 0 ? "" : dollars(bill.credits)) },
  ]);
}

/** What the gateway's day is made of. */
export function linesTable(lines: readonly Line[]): string {
  const commands = lines.reduce((sum, { used }) => sum + used.commands, 0);
  return table(lines, [
    { title: "a day", cell: ({ name }) => name },
    { title: "times", cell: ({ times }) => wholes.format(times) },
    { title: "commands", cell: ({ used }) => wholes.format(used.commands) },
    { title: "of all", cell: ({ used }) => `${((100 * used.commands) / commands).toFixed(1)} %` },
    { title: "$ a month, credits apart", cell: ({ used }) => dollars(infrastructure(billOf(used)) * DAYS) },
  ]);
}

/** A month by each design, and what of the others' the gateway's is. */
export function designsTable({ designs }: Compared): string {
  const [ours, guides, , none] = designs;
  const part = (of: (bill: Bill) => number, whole: Billed) => (of(ours.bill) / of(whole.bill)).toFixed(2);
  return `${table(designs, [
    { title: "design, $ a month", cell: ({ name }) => name },
    { title: "Redis commands", cell: ({ used }) => wholes.format(used.commands) },
    { title: "messages", cell: ({ used }) => wholes.format(used.messages) },
    { title: "Workers", cell: ({ bill }) => dollars(bill.workers) },
    { title: "Redis", cell: ({ bill }) => dollars(bill.redis) },
    { title: "Queues", cell: ({ bill }) => dollars(bill.queues) },
    { title: "these three", cell: ({ bill }) => dollars(infrastructure(bill)) },
    { title: "credits", cell: ({ bill }) => dollars(bill.credits) },
    { title: "all", cell: ({ bill }) => dollars(total(bill)) },
  ])}

Tikedge's three to those of the guides' design: ${part(infrastructure, guides)} (aim: at most 0.33). With credits, to no cache at all: ${part(total, none)} (aim: at most 0.25).
With Redis by Upstash's smallest fixed plan ($${FIXED_REDIS} a month, whatever the commands): three ${dollars(fixed(ours))} to ${dollars(fixed(guides))} of the guides', with credits ${((fixed(ours) + ours.bill.credits) / total(none.bill)).toFixed(2)} of no cache.`;
}

function fixed({ bill }: Billed): number {
  return bill.workers + bill.queues + FIXED_REDIS;
}

/** How the guides' design and the recipe are counted. */
export function countingTable(): string {
  const rows = [...EVERY_REQUEST, ...Object.values(BY_OPERATION)];
  return `${table(rows, [
    { title: "the guides' design", cell: ({ what }) => what },
    { title: "when", cell: ({ when }) => when },
    { title: "commands", cell: ({ commands }) => String(commands) },
    { title: "messages", cell: ({ messages }) => String(messages) },
    { title: "because", cell: ({ because }) => because },
  ])}

The stock recipe: ${STOCK_COMMANDS} commands a request (auth 1, limiter 4, cache 1, meter 1), and one to keep what was fetched. No cache: a credit of $${PRICES.credit} for each request.`;
}
