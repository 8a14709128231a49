/** When the list was read, in the vendors' own documentation. */
export const PRICES_OF = "2026-11-22";

const MILLION = 1_000_000;

/** List prices in dollars for one of each, beyond what a plan includes. Postgres is apart: it is paid by the hour, whatever it is asked. */
export const PRICES = {
  workersRequest: 0.3 / MILLION,
  workersCpuMs: 0.02 / MILLION,
  queueOperation: 0.4 / MILLION,
  redisCommand: 2 / MILLION,
  credit: 0.0001,
} as const;

export type Priced = keyof typeof PRICES;

type Source = { readonly what: string; readonly price: string; readonly by: string };

/** Where each price stands, and what is counted for it. */
export const SOURCES: readonly Source[] = [
  { what: "Workers, requests", price: "$0.30 per million", by: "Cloudflare, Workers pricing (Standard)" },
  { what: "Workers, CPU", price: "$0.02 per million ms", by: "Cloudflare, Workers pricing (Standard)" },
  {
    what: "Queues, operations: a write, a read and a delete for each 64 KB of a message",
    price: "$0.40 per million",
    by: "Cloudflare, Queues pricing",
  },
  {
    what: "Redis, commands, also those that a script runs; a write once more for each read region",
    price: "$2 per million",
    by: "Upstash, Redis pricing (Pay as You Go); costs of its rate limiter",
  },
  { what: "TikLiveAPI, a credit", price: "$0.0001", by: "its pricing page, by the large packs" },
  { what: "Postgres, apart", price: "$0.106 per CU-hour", by: "Neon, plans (Launch)" },
];

/** Upstash's smallest fixed plan, dollars a month: no price per command, 250 MB of data and 50 GB of traffic. */
export const FIXED_REDIS = 10;
