import { Accounts, type Account } from "./accounts.ts";
import { Clock } from "./clock.ts";
import { Faults } from "./faults.ts";
import type { Latency } from "./latency.ts";
import { Meter } from "./meter.ts";
import { RateLimit } from "./rate-limit.ts";
import type { ErrorStyle } from "./refusals.ts";
import { Draws } from "./world/draws.ts";
import { createWorld, type World } from "./world/moment.ts";

/** How the upstream behaves; all of it can be changed while it runs. */
export type Mode = {
  readonly errorStyle: ErrorStyle;
  /** Whether a key's calls are limited. */
  readonly rateLimit: boolean;
  /** Whether a not-found costs a credit: what is told of it contradicts itself. */
  readonly chargeNotFound: boolean;
  readonly latency: Latency;
};

/** One running upstream. */
export type State = {
  readonly world: World;
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly meter: Meter;
  readonly faults: Faults;
  readonly rateLimit: RateLimit;
  readonly latencyDraws: Draws;
  mode: Mode;
};

export type StateOptions = Partial<Mode> & {
  readonly keys?: Readonly<Record<string, Account>>;
  /** Sets the clock and freezes it there. */
  readonly nowMs?: number;
  /** Another seed is another world: other people, other posts. */
  readonly seed?: string | number;
};

export function createState({ keys = {}, nowMs, seed = 1, ...mode }: StateOptions): State {
  const clock = new Clock();
  if (nowMs !== undefined) clock.set(nowMs, true);
  return {
    world: createWorld(String(seed)),
    clock,
    accounts: new Accounts(keys),
    meter: new Meter(),
    faults: new Faults(),
    rateLimit: new RateLimit(),
    latencyDraws: new Draws(`${seed}/latency`),
    mode: { errorStyle: "observed", rateLimit: false, chargeNotFound: true, latency: { p50Ms: 0, p99Ms: 0 }, ...mode },
  };
}
