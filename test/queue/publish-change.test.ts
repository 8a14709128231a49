import { expect, it } from "vitest";
import { publishAgainSeconds } from "../../src/queue/publish-change.ts";
import { queueTimeline } from "../support/queue-timeline.ts";

const change = { kind: "key", keyId: "abcdefghijkl" } as const;
const message = { kind: "change", change } as const;

const CONTROL = "tikedge-control";

it("publishes a change, for its Worker may have been ended before it could, and again, for it may commit after nobody waits for it", async () => {
  const { story, published, ...queue } = queueTimeline(CONTROL);
  queue.send("m", message);
  await queue.deliver();
  expect(published).toEqual([change]);
  queue.advance(6_000);
  await queue.deliver();
  expect(published).toEqual([change, change]);
  expect(story).toEqual(["m again in 6 s", "m done"]);
});

it("publishes again for a late commit also when the first deliveries met no log, because what they found out is from before it", async () => {
  const { story, published, ...queue } = queueTimeline(CONTROL);
  queue.send("m", message);
  queue.breaks("changes");
  await queue.deliver();
  queue.advance(1_000);
  queue.mends();
  await queue.deliver();
  expect(published).toEqual([change]);
  queue.advance(5_000);
  await queue.deliver();
  expect(published).toEqual([change, change]);
  expect(story).toEqual(["m again in 1 s", "m again in 5 s", "m done"]);
});

it("comes back within two seconds while the log does not answer, because a revoked key is still let in", async () => {
  const { story, published, ...queue } = queueTimeline(CONTROL);
  queue.send("m", message);
  queue.breaks("changes");
  for (const seconds of [1, 2, 2, 2]) {
    await queue.deliver();
    queue.advance(seconds * 1_000);
  }
  queue.mends();
  await queue.deliver();
  expect(story).toEqual(["m again in 1 s", "m again in 2 s", "m again in 2 s", "m again in 2 s", "m done"]);
  expect(published).toEqual([change]);
});

it("tells the ledger what a changed tenant may, as Postgres has it by then, because an isolate may have read it before", async () => {
  const { story, standings, ...queue } = queueTimeline(CONTROL);
  const tenantId = "6ba7b810-9dad-41d1-80b4-00c04fd430c8";
  const told = { kind: "change", change: { kind: "tenant", tenantId } };
  queue.send("m", told);
  queue.breaks("books");
  await queue.deliver();
  expect(standings).toEqual([]);
  queue.mends();
  queue.advance(6_000);
  await queue.deliver();
  expect(standings).toEqual([{ tenantId, status: "suspended" }]);
  expect(story).toEqual(["m again in 1 s", "m done"]);
});

it("hurries for a minute, and outlasts an outage of five hours with the retries that a queue has", () => {
  const waits = Array.from({ length: 100 }, (_, at) => publishAgainSeconds(at + 1));
  const sum = (seconds: readonly number[]) => seconds.reduce((total, each) => total + each, 0);
  expect(Math.max(...waits.slice(0, 30))).toBeLessThanOrEqual(5);
  expect(sum(waits.slice(0, 31))).toBeGreaterThanOrEqual(60);
  expect(sum(waits)).toBeGreaterThan(5 * 3_600);
  expect(Math.max(...waits)).toBe(300);
});

it("waits for the log in the dead letters too, because nobody else tells of the change", async () => {
  const { story, published, buried, ...queue } = queueTimeline(`${CONTROL}-dead`);
  queue.send("m", message);
  queue.breaks("changes");
  await queue.deliver();
  queue.mends();
  queue.advance(6_000);
  await queue.deliver();
  expect(story).toEqual(["m again in 2 s", "m done"]);
  expect(published).toEqual([change]);
  expect(buried).toEqual([]);
});

it.each([
  { body: { kind: "nobody knows" }, reason: "kind: ", because: "it is of no known kind" },
  {
    body: { kind: "event", event: {} },
    reason: "tenantId: ",
    because: "an event of the usage queue is none of this one",
  },
  {
    body: { kind: "change", change: { kind: "key", keyId: "short" } },
    reason: "change.keyId: ",
    because: "no key has it",
  },
])(
  "buries what is no message of the control plane at once, and holds up no neighbour: $because",
  async ({ body, reason }) => {
    const { story, published, buried, ...queue } = queueTimeline(CONTROL);
    queue.send("poison", body);
    queue.send("good", message);
    await queue.deliver();
    expect(buried).toEqual([{ id: "poison", queue: CONTROL, reason: expect.stringContaining(reason), body }]);
    expect(published).toEqual([change]);
    expect(story.toSorted()).toEqual(["good again in 6 s", "poison done"]);
  },
);
