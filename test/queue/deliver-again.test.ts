import { expect, it } from "vitest";
import { retryDelaySeconds } from "../../src/queue/deliver-again.ts";

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
