import { describe, expect, it } from "vitest";
import { ROTATION_SETTINGS, rotateUnderLoad } from "../support/rotate-own-key.ts";
import { useGateway } from "../support/use-gateway.ts";

/** The long run has more of them. */
const ROTATIONS = 3;

describe("replacing a tenant's own key under 100 requests a second", () => {
  const running = useGateway(ROTATION_SETTINGS);

  it("shows no client a refusal, and uses no key after it retired", { timeout: 60_000 }, async () => {
    const { seen, callsAfterRetirement } = await rotateUnderLoad(running(), ROTATIONS);
    expect(seen.filter(({ status }) => status !== 200)).toEqual([]);
    expect(seen.length, "there was a load").toBeGreaterThan(ROTATIONS * 20);
    expect(callsAfterRetirement).toBe(0);
  });
});
