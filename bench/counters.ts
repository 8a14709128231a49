import { setTimeout as wait } from "node:timers/promises";
import { Redis } from "ioredis";
import * as v from "valibot";

const QUIET_MS = 500;
const LOOK_MS = 100;

const Stats = v.object({ requests: v.number(), commands: v.number() });
const Queued = v.object({ messages: v.number() });

/** What Redis and the queues were asked so far. `billed` counts the commands inside scripts too, as Upstash's bill does. */
export type Asked = {
  readonly roundTrips: number;
  readonly commands: number;
  readonly billed: number;
  readonly messages: number;
};

export type Counters = {
  read(): Promise<Asked>;
  /** The counts once nothing has been asked for half a second: much is done behind a response. */
  whenQuiet(): Promise<Asked>;
  stop(): void;
};

export type Counted = {
  /** Redis over HTTP, as the Workers ask it. */
  readonly endpoint: { readonly url: string; readonly token: string };
  readonly redisUrl: string;
  /** Where the queues say how many messages they got. */
  readonly queueUrl: string;
};

export function startCounters({ endpoint, redisUrl, queueUrl }: Counted): Counters {
  const redis = new Redis(redisUrl);
  async function read(): Promise<Asked> {
    const response = await fetch(new URL("/__stats", endpoint.url), {
      headers: { authorization: `Bearer ${endpoint.token}` },
    });
    const { requests, commands } = v.parse(Stats, await response.json());
    const { messages } = v.parse(Queued, await (await fetch(queueUrl)).json());
    return { roundTrips: requests, commands, billed: callsOf(await redis.info("commandstats")), messages };
  }
  return {
    read,
    async whenQuiet() {
      let seen = await read();
      for (let quietMs = 0; quietMs < QUIET_MS; quietMs += LOOK_MS) {
        await wait(LOOK_MS);
        const now = await read();
        if (now.roundTrips !== seen.roundTrips) quietMs = 0;
        seen = now;
      }
      return seen;
    },
    stop: () => redis.disconnect(),
  };
}

/** Not a number for the embedded Redis, which keeps no such statistics. Reading them is itself a command. */
function callsOf(commandStats: string): number {
  const calls = [...commandStats.matchAll(/^cmdstat_(?!info)[^:]+:calls=(\d+)/gm)].map(([, count]) => Number(count));
  return calls.length === 0 ? Number.NaN : calls.reduce((sum, count) => sum + count, 0);
}
