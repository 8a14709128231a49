import { describe, expect, it } from "vitest";
import { flooding, quiet } from "../support/crowds.ts";
import { mostWithin, simulateCrowd } from "../support/simulate-crowd.ts";

const MINUTE_MS = 60_000;
const [WARM_MS, END_MS] = [2 * MINUTE_MS, 12 * MINUTE_MS];
const SEEDS = Array.from({ length: 25 }, (_, at) => at + 1);

describe("one key with 200 a minute, and one tenant that floods it for ten minutes", () => {
  it.each([
    { tenants: 199, most: 0.01, because: "they need all there is" },
    { tenants: 100, most: 0, because: "there is enough for them" },
  ])(
    "refuses at most $most of what $tenants quiet tenants ask, because $because",
    { timeout: 600_000 },
    async (given) => {
      for (const seed of SEEDS) {
        const groups = [quiet(given.tenants, END_MS), flooding(20, [WARM_MS, END_MS])];
        const crowd = await simulateCrowd({ seed, cap: 200, groups, fromMs: WARM_MS, untilMs: END_MS });
        const { refused, asked } = crowd.of("quiet");
        expect(refused / asked, `seed ${seed}`).toBeLessThanOrEqual(given.most);
        expect(crowd.used, `seed ${seed}`).toBeGreaterThanOrEqual(0.95);
        expect(mostWithin(crowd.arrivalsMs, MINUTE_MS)).toBeLessThanOrEqual(200);
        expect(mostWithin(crowd.arrivalsMs, 1_000)).toBeLessThanOrEqual(50);
      }
    },
  );
});
