import { expect, it } from "vitest";
import { retryDelaySeconds } from "../../src/queue/bury.ts";
import { REFUSED_ENDPOINT } from "../support/memory-usage-ledger.ts";
import { queueTimeline } from "../support/queue-timeline.ts";
import { sampleEvent, sampleHits } from "../support/sample-usage.ts";

const TENANT = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";

const DEAD = "tikedge-usage-dead";

const hits = () => ({ kind: "hits", batch: sampleHits(TENANT) }) as const;

it("records a dead letter that is still usage, because an outage must not bury what has no other copy", async () => {
  const { story, books, buried, ...queue } = queueTimeline(DEAD);
  queue.send("hits", hits());
  await queue.deliver();
  expect(story).toEqual(["hits done"]);
  expect(books.rollup()).toMatchObject([{ hits: 2 }, { hits: 5 }]);
  expect(buried).toEqual([]);
});

it("waits with a dead letter while the books do not answer, because the outage may go on", async () => {
  const { story, books, buried, ...queue } = queueTimeline(DEAD);
  queue.send("hits", hits());
  queue.breaks("books");
  await queue.deliver();
  queue.mends();
  queue.advance(2_000);
  await queue.deliver();
  expect(story).toEqual(["hits again in 2 s", "hits done"]);
  expect(books.rollup()).toHaveLength(2);
  expect(buried).toEqual([]);
});

it("buries what waited for half of its deliveries, because after the last one the queue drops it", async () => {
  const { story, buried, ...queue } = queueTimeline(DEAD);
  queue.send("49th", hits(), 48);
  queue.send("50th", hits(), 49);
  queue.breaks("books");
  await queue.deliver();
  expect(story.toSorted()).toEqual(["49th again in 300 s", "50th done"]);
  expect(buried).toMatchObject([{ id: "50th", queue: DEAD, reason: "delivered in vain until the queue gave up" }]);
});

it.each([
  { body: { kind: "nobody knows" }, reason: "kind: ", because: "it is no usage" },
  {
    body: { kind: "event", event: sampleEvent(TENANT, { endpoint: REFUSED_ENDPOINT }) } as const,
    reason: "SQLSTATE 22000 ",
    because: "the books refuse it",
  },
])("buries a dead letter at once when $because, and once however often it comes", async ({ body, reason }) => {
  const { buried, waiting, ...queue } = queueTimeline(DEAD);
  for (const _delivery of ["first", "again"]) {
    queue.send("poison", body);
    await queue.deliver();
  }
  expect(buried).toEqual([{ id: "poison", queue: DEAD, reason: expect.stringContaining(reason), body }]);
  expect(waiting).toEqual([]);
});

it("keeps the poison in the queue until the graveyard answers, because nobody else has it", async () => {
  const { story, buried, logged, ...queue } = queueTimeline();
  queue.send("poison", { kind: "nobody knows" });
  queue.breaks("graveyard");
  await queue.deliver();
  queue.advance(2_000);
  await queue.deliver();
  queue.mends();
  queue.advance(4_000);
  await queue.deliver();
  expect(story).toEqual(["poison again in 2 s", "poison again in 4 s", "poison done"]);
  expect(buried).toHaveLength(1);
  expect(logged).toEqual(["messages-not-buried", "messages-not-buried", "messages-buried"]);
});

it.each([
  { attempts: 1, seconds: 2, because: "most outages are a lost connection" },
  { attempts: 2, seconds: 4, because: "each wait is twice the last" },
  { attempts: 8, seconds: 256, because: "it still doubles" },
  { attempts: 9, seconds: 300, because: "recovery is noticed within five minutes" },
  { attempts: 100, seconds: 300, because: "the bound holds for the last retry" },
  { attempts: 5_000, seconds: 300, because: "no count of deliveries overflows" },
])("waits $seconds s after $attempts deliveries: $because", ({ attempts, seconds }) => {
  expect(retryDelaySeconds(attempts)).toBe(seconds);
});

it("outlasts an outage of seven and a half hours with the retries that a queue has", () => {
  const waits = Array.from({ length: 100 }, (_, at) => retryDelaySeconds(at + 1));
  expect(waits.reduce((sum, seconds) => sum + seconds, 0)).toBeGreaterThan(7.5 * 3_600);
});
