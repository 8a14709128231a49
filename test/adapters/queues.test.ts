import { expect, it } from "vitest";
import { queueUsage } from "../../src/adapters/queues.ts";
import { parseUsageMessage } from "../../src/core/messages.ts";
import type { Usage, UsageMessage } from "../../src/core/usage.ts";
import { sampleHits } from "../support/sample-usage.ts";

const TENANT = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";

/** What the platform takes in one call, bytes (Cloudflare Queues, limits): all messages together, and each. Locally nothing is refused. */
const MOST_TOGETHER = 256_000;
const MOST_EACH = 128_000;

/** A queue, and how large the messages of each call were. */
function setUp() {
  const calls: (readonly number[])[] = [];
  const bodies: UsageMessage[] = [];
  const metrics = { backlogCount: 0, backlogBytes: 0, oldestMessageTimestamp: new Date(0) };
  const queue: Queue<UsageMessage> = {
    metrics: async () => metrics,
    send: async () => ({ metadata: { metrics } }),
    async sendBatch(messages) {
      const sent = [...messages].map(({ body }) => body);
      bodies.push(...sent);
      calls.push(sent.map((body) => new TextEncoder().encode(JSON.stringify(body)).length));
      return { metadata: { metrics } };
    },
  };
  return { usage: queueUsage(queue), calls, bodies };
}

it("hands the platform no more at once than it takes, because it would refuse all of it", async () => {
  const { usage, calls, bodies } = setUp();
  const [row] = sampleHits(TENANT).rows;
  const rows = row === undefined ? [] : Array.from({ length: 29 }, () => row);
  const all = Array.from({ length: 200 }, (): Usage => ({ kind: "hits", batch: sampleHits(TENANT, { rows }) }));
  await usage.send(all);
  expect(bodies.flatMap((body) => parseUsageMessage(body).map((part) => part.body))).toEqual(all);
  expect(calls.length).toBeGreaterThan(1);
  for (const sizes of calls) {
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(MOST_TOGETHER);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(MOST_EACH);
  }
});
