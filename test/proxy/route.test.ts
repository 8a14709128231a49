import { describe, expect, it } from "vitest";
import { formatApiKey } from "../../src/core/api-key.ts";
import { waiting } from "../support/data-plane.ts";
import { sampleKeyRecord, sampleTenant } from "../support/sample-key-record.ts";

describe("a request of a known key, while the log of changes is read", () => {
  it("is served what the isolate has when the log tells of nothing, and not before", async () => {
    const { plane, tell, ask } = await waiting();
    let isSaid = false;
    const asked = ask().finally(() => (isSaid = true));
    await plane.meanwhile();
    expect(isSaid).toBe(false);
    expect(plane.metered).toEqual([]);
    plane.advance(7);
    tell("unchanged");
    const response = await asked;
    expect(response.headers.get("server-timing"), "from when it began").toBe("cache;desc=memory;dur=7");
    expect([response.status, response.headers.get("cache-status")]).toEqual([200, expect.stringContaining("memory")]);
    expect(plane.metered).toEqual([sampleTenant.id]);
    expect(plane.tokens).toHaveLength(1);
  });

  const changes = [
    { because: "revoked", change: { revokedAtMs: 1 }, status: 401 },
    { because: "past its end", change: { expiresAtMs: 1 }, status: 401 },
    { because: "of another secret", change: { digest: "00" }, status: 401 },
    { because: "made under a pepper that is not there", change: { digest: "", pepperVersion: 9 }, status: 401 },
    { because: "of a suspended tenant", change: { tenant: { status: "suspended" as const } }, status: 403 },
    { because: "of a tenant whose trial is over", change: { tenant: { trialEndsAtMs: 1 } }, status: 403 },
    { because: "not for data", change: { permissions: [] }, status: 403 },
    { because: "for other endpoints", change: { endpoints: ["/userinfo-by-id/"] }, status: 403 },
  ];

  it.each(
    changes.flatMap((each) => [
      { ...each, isCached: true, isHeld: true },
      { ...each, isCached: true, isHeld: false },
      { ...each, isCached: false, isHeld: true },
      { ...each, isCached: false, isHeld: false },
    ]),
  )(
    "gets nothing and spends nothing when by the newest word it is $because (cached $isCached, token held $isHeld)",
    async ({ change, status, isCached, isHeld }) => {
      const { plane, tell, ask } = await waiting();
      plane.state.isHeld = isHeld;
      if (!isCached) plane.advance(40 * 86_400_000);
      plane.story.length = 0;
      const asked = ask();
      plane.write(change);
      await plane.meanwhile();
      tell("changed");
      const response = await asked;
      expect(response.status).toBe(status);
      expect(await response.text()).not.toContain("107955");
      await plane.meanwhile();
      expect([plane.story, plane.metered]).toEqual([[], []]);
    },
  );

  it("reads the answers that its tenant reads by the newest word, and not those of a moment before", async () => {
    const { plane, tell, ask } = await waiting();
    const asked = ask();
    plane.write({ tenant: { cacheScope: "tenant" } });
    await plane.meanwhile();
    tell("changed");
    expect((await asked).headers.get("cache-status")).toContain("fwd=uri-miss");
    expect(plane.story.slice(0, 2)).toEqual(["reserve", "dispatch"]);
  });

  it("is still good under another pepper: the digest that is remembered counts under its own", async () => {
    const { plane, tell, ask } = await waiting();
    plane.write({ pepperVersion: 2, digest: await plane.digestUnder(2) });
    const asked = ask();
    tell("changed");
    expect((await asked).status).toBe(200);
  });

  it("is refused for its rate only, and pays nothing, when the bucket says so before the log does", async () => {
    const { plane, tell, ask } = await waiting();
    Object.assign(plane.state, { isHeld: false, refuses: true });
    const asked = ask();
    await plane.meanwhile();
    tell("unchanged");
    expect((await asked).status).toBe(429);
    expect([plane.story, plane.metered]).toEqual([[], []]);
  });
});

it("is looked up for a tenant within its rate before the bucket has answered, and for one that was just refused after it", async () => {
  const { plane, tell, ask } = await waiting();
  tell("unchanged");
  Object.assign(plane.state, { isHeld: false, refuses: true });
  const looked = async (status: number) => {
    plane.lookedUp.length = 0;
    expect((await ask()).status).toBe(status);
    return plane.lookedUp.length > 0;
  };
  expect(await looked(429)).toBe(true);
  expect(await looked(429)).toBe(false);
  plane.state.refuses = false;
  expect(await looked(200)).toBe(true);
});

describe("what is remembered of a key", () => {
  it.each([
    { differs: { tenant: { ...sampleTenant, status: "suspended" } }, change: { tenant: { status: "active" } } },
    { differs: { tenant: { ...sampleTenant, trialEndsAtMs: 1 } }, change: { tenant: { trialEndsAtMs: null } } },
    { differs: { permissions: [] }, change: { permissions: ["data"] } },
    { differs: { revokedAtMs: 1 }, change: { revokedAtMs: null } },
    { differs: { expiresAtMs: 1 }, change: { expiresAtMs: null } },
    { differs: { digest: "00" }, change: {} },
  ] as const)("refuses nobody by itself, and takes no token for whom it would refuse: $differs", async (given) => {
    const { plane, first, tell, ask } = await waiting(given.differs);
    expect(first.status).toBeGreaterThanOrEqual(400);
    plane.write({ ...given.change, digest: await plane.digestUnder(1) });
    const asked = ask();
    await plane.meanwhile();
    expect(plane.tokens).toEqual([]);
    tell("changed");
    expect((await asked).status).toBe(200);
  });

  it.each([
    { because: "it has ended since", differs: { expiresAtMs: 1_700_000_002_000 }, isHeard: false, status: 401 },
    { because: "the isolate has heard that it was changed", differs: {}, isHeard: true, status: 200 },
  ])("takes no token before the log was read when $because", async ({ differs, isHeard, status }) => {
    const { plane, first, tell, ask } = await waiting(differs);
    expect(first.status).toBe(200);
    if (isHeard) plane.hear();
    const asked = ask();
    await plane.meanwhile();
    expect(plane.tokens).toEqual([]);
    tell("unchanged");
    expect((await asked).status).toBe(status);
  });

  it("is of no use to who has another secret: no token of the tenant's is taken", async () => {
    const { plane, tell } = await waiting();
    const guess = plane.ask({ "x-api-key": formatApiKey(sampleKeyRecord.keyId, "0".repeat(32)) });
    await plane.meanwhile();
    tell("unchanged");
    expect((await guess).status).toBe(401);
    expect(plane.tokens).toEqual([]);
  });
});

it("keeps the answers of two scopes apart although the isolate remembers one call for both", async () => {
  const { plane, tell, ask } = await waiting();
  tell("unchanged");
  expect((await ask()).headers.get("cache-status")).toContain("memory");
  plane.write({ tenant: { cacheScope: "tenant" } });
  plane.advance(20_000);
  expect((await ask()).headers.get("cache-status")).toContain("fwd=uri-miss");
});

/** Some seconds after the timelines begin. */
const EXPIRES_MS = 1_700_000_005_000;

describe("a request of a key that the isolate holds, while nothing has to be heard first", () => {
  /** The key was asked for a moment ago, and the log needs no reading. */
  const holding = async () => {
    const { plane, tell } = await waiting();
    tell("unchanged");
    plane.state.reading = undefined;
    return plane;
  };

  it("is served by what is held", async () => {
    const plane = await holding();
    expect((await plane.ask()).status).toBe(200);
  });

  it("is refused with another secret behind the same id, because the id is public", async () => {
    const plane = await holding();
    const guessed = formatApiKey(sampleKeyRecord.keyId, "0".repeat(32));
    expect((await plane.ask({ "x-api-key": guessed })).status).toBe(401);
  });

  it("is refused from the moment that the key expires, because the record that is held says when", async () => {
    const { plane, tell } = await waiting({ expiresAtMs: EXPIRES_MS });
    tell("unchanged");
    plane.state.reading = undefined;
    expect((await plane.ask()).status).toBe(200);
    plane.advance(EXPIRES_MS - plane.ports.clock());
    expect((await plane.ask()).status).toBe(401);
  });
});
