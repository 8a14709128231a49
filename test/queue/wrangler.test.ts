import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { unstable_readConfig } from "wrangler";
import { BATCH } from "../../bench/bill/collector.ts";
import { MOST_IN_MESSAGE } from "../../src/core/pack-usage.ts";
import { ROOT } from "../../dev/wrangler.ts";

/** Of one invocation, to other services (Cloudflare, "Workers limits"). */
const REQUESTS = 1_000;

type Consumer = {
  readonly queue: string;
  readonly dead_letter_queue?: string | undefined;
  readonly max_retries?: number | undefined;
  readonly max_batch_size?: number | undefined;
  readonly max_batch_timeout?: number | undefined;
};

let consumers: ReadonlyMap<string, Consumer>;
let producers: readonly string[];

beforeAll(() => {
  const { queues } = unstable_readConfig({ config: join(ROOT, "wrangler.toml") });
  consumers = new Map((queues.consumers ?? []).map((consumer: Consumer) => [consumer.queue, consumer]));
  producers = (queues.producers ?? []).map(({ queue }: { readonly queue: string }) => queue);
});

describe("the queues of wrangler.toml", () => {
  it("have a consumer each, those of dead letters too, because a queue without one drops what it holds after four days", () => {
    expect(producers.length).toBeGreaterThan(1);
    const deadLetters = [...consumers.values()].flatMap(({ dead_letter_queue: queue }) => queue ?? []);
    for (const queue of [...producers, ...deadLetters]) expect([...consumers.keys()]).toContain(queue);
  });

  it("have dead letters each, but for those that are dead letters and end in Postgres", () => {
    for (const queue of producers) expect(consumers.get(queue)?.dead_letter_queue).toBe(`${queue}-dead`);
    const dead = [...consumers.values()].filter(({ queue }) => queue.endsWith("-dead"));
    expect(dead.map((consumer) => consumer.dead_letter_queue)).toEqual(dead.map(() => undefined));
  });

  it("are delivered again as often as Cloudflare allows, because an outage of Postgres must not use the retries up", () => {
    for (const [queue, consumer] of consumers) expect(consumer.max_retries, queue).toBe(100);
  });

  it("keep within Cloudflare's limits: 100 messages and 60 s a batch", () => {
    for (const [queue, { max_batch_size: size, max_batch_timeout: seconds }] of consumers) {
      expect(size, queue).toBeLessThanOrEqual(100);
      expect(seconds, queue).toBeLessThanOrEqual(60);
    }
  });

  it("hand over no more usage at once than an invocation has requests for, if each thing is another tenant's", () => {
    for (const queue of ["tikedge-usage", "tikedge-usage-dead"]) {
      const statements = (consumers.get(queue)?.max_batch_size ?? Infinity) * MOST_IN_MESSAGE;
      expect(statements, queue).toBeLessThanOrEqual(REQUESTS / 2);
    }
  });

  it("deliver usage as the bill has it", () => {
    const { max_batch_size: most, max_batch_timeout: seconds } = consumers.get("tikedge-usage") ?? {};
    expect({ most, forMs: Number(seconds) * 1_000 }).toEqual(BATCH);
  });

  it("are all named where the README says what to create", async () => {
    const readme = await readFile(join(ROOT, "README.md"), "utf8");
    const create = /`npx wrangler queues create` for each of (.+?)\.\n/s.exec(readme)?.[1] ?? "";
    expect(new Set(Array.from(create.matchAll(/`(.+?)`/g), ([, queue]) => queue))).toEqual(new Set(consumers.keys()));
  });
});
