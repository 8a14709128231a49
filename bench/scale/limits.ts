import { UPSTREAM_CAP, type Needs } from "./load.ts";

export type Limit = {
  readonly need: keyof Needs;
  readonly name: string;
  /** Nothing for what is bought piece by piece. */
  readonly most: number | null;
  readonly by: string;
  readonly movedBy: string;
};

/** What may bind, with what moves it. */
export const LIMITS: readonly Limit[] = [
  {
    need: "upstreamKeys",
    name: "upstream keys",
    most: null,
    by: `${UPSTREAM_CAP} calls a minute on each`,
    movedBy: "more keys in `TIKLIVE_KEY`; longer windows (`WINDOWS`); tenants with keys of their own",
  },
  {
    need: "ledgerCommands",
    name: "ledger, commands/s",
    most: 10_000,
    by: "Upstash, commands a second of a database (Pay as You Go and fixed plans; Enterprise 100,000 and more)",
    movedBy:
      "a database for the ledger alone (`LEDGER_REDIS_REST_URL`); a larger plan of it; it cannot be split further",
  },
  {
    need: "cacheCommands",
    name: "cache and limiter, commands/s",
    most: 10_000,
    by: "the same, of the cache's database",
    movedBy:
      "plans with larger buckets, of which isolates hold a hundredth, and what comes back in two seconds where they use as much; a larger plan of the database; a gateway for each region, with a Redis of its own",
  },
  {
    need: "usageMessages",
    name: "`usage` queue, messages/s",
    most: 5_000,
    by: "Cloudflare, messages a second of a queue",
    movedBy: "`HITS_FLUSH_MS` and `EVENTS_FLUSH_MS` up (more hits are lost with an isolate; events are not)",
  },
  {
    need: "refreshMessages",
    name: "`refresh` queue, messages/s",
    most: 5_000,
    by: "the same",
    movedBy: "longer fresh windows (`WINDOWS`)",
  },
  {
    need: "bookedRows",
    name: "Postgres, rows/s",
    most: 15_000,
    by: "`npm run bench:ledger`, in statements of a hundred on two cores",
    movedBy: "`HITS_FLUSH_MS` up: fewer rows for the same hits; a larger database",
  },
];

/** How much of each limit is used; what is most used binds first. */
export function binding(needs: Needs): { readonly limit: Limit; readonly used: number } | undefined {
  const bounded = LIMITS.flatMap((limit) =>
    limit.most === null ? [] : [{ limit, used: needs[limit.need] / limit.most }],
  );
  return bounded.toSorted((one, other) => other.used - one.used)[0];
}
