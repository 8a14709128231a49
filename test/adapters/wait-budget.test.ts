import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { waitBudget } from "../../src/adapters/wait-budget.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const takes = (ms: number) => () => new Promise<string>((resolve) => setTimeout(() => resolve("answer"), ms));

it("lets work finish that fits the budget", async () => {
  const wait = waitBudget(300, Date.now);
  const found = wait.within(takes(299), "none");
  await vi.advanceTimersByTimeAsync(299);
  expect(await found).toBe("answer");
});

it("is one budget for all work together, so that a slow Redis is waited for once and not at every step", async () => {
  const wait = waitBudget(300, Date.now);
  const first = wait.within(takes(200), "none");
  await vi.advanceTimersByTimeAsync(200);
  expect(await first).toBe("answer");
  const second = wait.within(takes(200), "none");
  await vi.advanceTimersByTimeAsync(100);
  expect(await second).toBe("none");
});

it("starts nothing once it is spent", async () => {
  const wait = waitBudget(0, Date.now);
  const work = vi.fn<() => Promise<string>>();
  expect(await wait.within(work, "none")).toBe("none");
  expect(work).not.toHaveBeenCalled();
});

it("passes a failure on, because only time is its business", async () => {
  const wait = waitBudget(300, Date.now);
  await expect(wait.within(() => Promise.reject(new Error("broken")), "none")).rejects.toThrow("broken");
});
