import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { waitBudgets } from "../../src/adapters/wait-budget.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const budgets = (waitMs = 300, isLedgerApart = false) =>
  waitBudgets({ waitMs, restMs: 1_000, isLedgerApart, clock: Date.now });

const takes = (ms: number) => () => new Promise<string>((resolve) => setTimeout(() => resolve("answer"), ms));

it("lets work finish that fits the budget", async () => {
  const wait = budgets()();
  const found = wait.within(takes(299), "none");
  await vi.advanceTimersByTimeAsync(299);
  expect(await found).toBe("answer");
});

it("is one budget for all work together, so that a slow Redis is waited for once and not at every step", async () => {
  const wait = budgets()();
  const first = wait.within(takes(200), "none");
  await vi.advanceTimersByTimeAsync(200);
  expect(await first).toBe("answer");
  const second = wait.within(takes(200), "none");
  await vi.advanceTimersByTimeAsync(100);
  expect(await second).toBe("none");
});

it("counts what is waited for at the same time once: three questions that go out together cost one wait", async () => {
  const wait = budgets()();
  const together = Promise.all([100, 150, 200].map((ms) => wait.within(takes(ms), "none")));
  await vi.advanceTimersByTimeAsync(200);
  expect(await together).toEqual(["answer", "answer", "answer"]);
  const after = wait.within(takes(99), "none");
  await vi.advanceTimersByTimeAsync(99);
  expect(await after).toBe("answer");
  const late = wait.within(takes(10), "none");
  await vi.advanceTimersByTimeAsync(1);
  expect(await late).toBe("none");
});

it("gives a question that goes out later only what is left by then", async () => {
  const wait = budgets()();
  const first = wait.within(takes(250), "none");
  await vi.advanceTimersByTimeAsync(200);
  const second = wait.within(takes(101), "none");
  await vi.advanceTimersByTimeAsync(100);
  expect([await first, await second]).toEqual(["answer", "none"]);
});

it("starts nothing once it is spent", async () => {
  const wait = budgets(0)();
  const work = vi.fn<() => Promise<string>>();
  expect(await wait.within(work, "none")).toBe("none");
  expect(work).not.toHaveBeenCalled();
});

it("passes a failure on, because only time is its business", async () => {
  const wait = budgets()();
  await expect(wait.within(() => Promise.reject(new Error("broken")), "none")).rejects.toThrow("broken");
});

it("spares the isolate's other requests the wait, once one of them has waited in vain", async () => {
  const newBudget = budgets();
  const first = newBudget().within(takes(60_000), "none");
  await vi.advanceTimersByTimeAsync(300);
  expect(await first).toBe("none");
  const work = vi.fn<() => Promise<string>>(async () => "answer");
  expect(await newBudget().within(work, "none")).toBe("none");
  await vi.advanceTimersByTimeAsync(999);
  expect(await newBudget().within(work, "none")).toBe("none");
  expect(work).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  const probe = newBudget().within(takes(200), "none");
  expect(await newBudget().within(work, "none")).toBe("none");
  expect(work).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(200);
  expect(await probe).toBe("answer");
  expect(await newBudget().within(work, "none")).toBe("answer");
  expect(await newBudget().within(work, "none")).toBe("answer");
});

it("gives the turn to find it healed to a request that asks, because refusals alone could keep everybody waiting for ever", async () => {
  const newBudget = budgets();
  const hung = newBudget().within(takes(60_000), "none");
  await vi.advanceTimersByTimeAsync(300);
  expect(await hung).toBe("none");
  await vi.advanceTimersByTimeAsync(1_000);
  newBudget();
  expect(await newBudget().within(async () => "answer", "none")).toBe("answer");
});

it("does not call Redis hanging when a leftover runs out, because that says only that much was asked", async () => {
  const newBudget = budgets();
  const wait = newBudget();
  const first = wait.within(takes(200), "none");
  await vi.advanceTimersByTimeAsync(200);
  await first;
  const second = wait.within(takes(200), "none");
  await vi.advanceTimersByTimeAsync(100);
  expect(await second).toBe("none");
  expect(await newBudget().within(async () => "answer", "none")).toBe("answer");
});

const HANGS = () => new Promise<string>(() => undefined);

/** A request that waits for a ledger that hangs, until it gives up. */
async function hangingLedger(isLedgerApart: boolean) {
  const next = budgets(300, isLedgerApart);
  const hung = next().within(HANGS, "none", "ledger");
  await vi.advanceTimersByTimeAsync(300);
  await hung;
  return next;
}

it("keeps nobody from the cache because a ledger with a database of its own hangs", async () => {
  const next = await hangingLedger(true);
  expect(await next().within(async () => "answer", "none")).toBe("answer");
  expect(await next().within(async () => "answer", "none", "ledger"), "that rests").toBe("none");
});

it("rests for both when they are one database, because each would wait for the same", async () => {
  const next = await hangingLedger(false);
  expect(await next().within(async () => "answer", "none")).toBe("none");
});

it("is one budget for both databases, because the request has one client that waits", async () => {
  const wait = budgets(300, true)();
  const first = wait.within(takes(200), "none");
  await vi.advanceTimersByTimeAsync(200);
  expect(await first).toBe("answer");
  const second = wait.within(takes(200), "none", "ledger");
  await vi.advanceTimersByTimeAsync(100);
  expect(await second).toBe("none");
});
