import { Redis } from "ioredis";
import type { Cost } from "../../../bench/costs.ts";
import { eventually } from "../../support/eventually.ts";
import { startGateway, type Gateway, type Settings, type Stack } from "../../support/gateway.ts";
import { monitorRedis } from "../../support/redis-monitor.ts";
import { awaitedOf, depthOf, isOfRedis, mostAtOnce, type OperationKind, type Recording } from "./recording.ts";

/** What only reads. Whatever else Redis runs counts as a write, so one that is forgotten here is noticed. */
const READS: ReadonlySet<string> = new Set(
  "EVALSHA GET MGET HGET HMGET HEXISTS GETRANGE TIME XRANGE XREVRANGE ZMSCORE".split(" "),
);

export type Counted = {
  readonly cost: Cost;
  readonly recording: Recording;
  readonly status: number;
  readonly headers: Headers;
};

export type CountingWorker = Gateway & {
  /** All that comes of a request, until nothing of it is left to be done. Begins when nothing is left of those before. */
  count(work: () => Promise<Response>): Promise<Counted>;
  /** Waits for nothing any more that was left behind until now. */
  beginAnew(): Promise<void>;
  /** What consumers do with a batch. */
  deliver(queue: string, messages: readonly unknown[]): Promise<Response>;
  /** Lets a minute pass, as far as crons know. */
  runJobs(): Promise<Response>;
};

/** A Worker that counts, on a stack where nobody else asks Redis while it does. */
export async function startCounting(stack: Stack, entrypoint: string, settings: Settings): Promise<CountingWorker> {
  const gateway = await startGateway(stack, settings, entrypoint);
  const [monitor, direct] = [await monitorRedis(stack.redis.url), new Redis(stack.redis.url)];
  const database = new URL(stack.redis.url).pathname.slice(1);
  let marks = 0;
  const heard = async () => {
    marks += 1;
    const mark = `mark ${marks} of ${gateway.url}`;
    await direct.get(mark);
    return (await monitor.until(mark))
      .filter((each) => each.database === database)
      .map(({ name }) => name.toUpperCase());
  };
  const costs = async (method: "GET" | "POST") => (await fetch(`${gateway.url}/__costs`, { method })).json<Recording>();
  const atRest = async () => {
    const recording = await costs("GET");
    const isUnderWay = recording.behind > 0 || recording.operations.some(({ ended }) => ended === null);
    if (isUnderWay) throw new Error("Something is still under way.");
    return recording;
  };
  return {
    ...gateway,
    beginAnew: async () => void (await costs("POST")),
    async count(work) {
      await eventually(atRest);
      await costs("POST");
      await heard();
      const response = await work();
      const bodyBytes = (await response.arrayBuffer()).byteLength;
      const recording = await eventually(atRest);
      const cost = costOf(recording, { commands: await heard(), bodyBytes });
      const { status, headers } = response;
      return { cost, recording, status, headers };
    },
    deliver: (queue, messages) =>
      fetch(`${gateway.url}/__queue`, { method: "POST", body: JSON.stringify({ queue, messages }) }),
    runJobs: () => fetch(`${gateway.url}/__jobs`, { method: "POST" }),
    close: async () => {
      monitor.close();
      direct.disconnect();
      await gateway.close();
    },
  };
}

type Seen = { readonly commands: readonly string[]; readonly bodyBytes: number };

function costOf(recording: Recording, { commands, bodyBytes }: Seen): Cost {
  const { operations } = recording;
  const awaited = awaitedOf(recording);
  const of = (kind: OperationKind) => operations.filter((each) => each.kind === kind);
  const ofRedis = operations.filter(isOfRedis);
  return {
    awaited: depthOf(awaited),
    awaitedOfRedis: depthOf(awaited.filter(isOfRedis)),
    atOnce: mostAtOnce(operations),
    roundTrips: ofRedis.length,
    commands: commands.length,
    writes: commands.filter((name) => !READS.has(name)).length,
    messages: of("queue").reduce((sum, { messages }) => sum + messages.length, 0),
    subrequests: ofRedis.length + of("postgres").length + of("upstream").length,
    dispatches: of("upstream").length,
    cacheOperations: of("cache").length,
    redisBytes: ofRedis.reduce((sum, { bytes }) => sum + bytes, 0),
    bodyBytes,
  };
}
