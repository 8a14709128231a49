import { describe, expect, it } from "vitest";
import { ROTATION_SETTINGS, rotateUnderLoad } from "../support/rotate-own-key.ts";
import { useGateway } from "../support/use-gateway.ts";

const ROTATIONS = 5;

describe("replacing a tenant's own key under 100 requests a second", () => {
  const running = useGateway(ROTATION_SETTINGS);

  it("shows no client a refusal, and uses no key after it retired", { timeout: 60_000 }, async () => {
    const { statuses, callsAfterRetirement } = await rotateUnderLoad(running(), ROTATIONS);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(statuses.length, "there was a load").toBeGreaterThan(ROTATIONS * 20);
    expect(callsAfterRetirement).toBe(0);
  });
});
