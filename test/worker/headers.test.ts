import { parseList } from "structured-headers";
import { describe, expect, it } from "vitest";
import { startGateway } from "../support/gateway.ts";
import { DIRECT_KEY } from "../support/upstream-control.ts";
import { useGateway } from "../support/use-gateway.ts";

/** What the upstream grants a key in a minute. */
const CALLS_PER_MINUTE = 200;

describe("the headers of an answer", () => {
  const running = useGateway();

  it.each(["a miss", "a hit"])("of %s keep it from shared caches and state the rate", async () => {
    const { gateway, shared: key } = running();
    const { status, headers } = await gateway.get("/userid/?username=headers", { key });
    expect(status).toBe(200);
    expect(headers.get("cdn-cache-control")).toBe("no-store");
    expect(headers.get("cache-control")).toMatch(/^private, max-age=\d+$/);
    expect(headers.get("vary")).toBe("Accept-Encoding");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    const [policy, limit] = ["ratelimit-policy", "ratelimit"].map((field) => parseList(headers.get(field) ?? ""));
    expect(policy?.map(([name]) => name)).toEqual(["burst", "daily", "monthly"]);
    expect(policy?.[0]).toEqual(["burst", new Map(Object.entries({ q: 600, w: 60 }))]);
    const figures = new Map(Object.entries({ r: expect.any(Number), t: expect.any(Number) }));
    // A hit asks the ledger nothing.
    const asked = headers.get("cache-status")?.includes("hit") === true ? ["burst"] : ["burst", "daily", "monthly"];
    expect(limit).toEqual(asked.map((name) => [name, figures]));
  });

  it("the upstream's Retry-After goes out with its 429, because it alone knows when it answers again", async () => {
    const { stack, upstream, shared } = running();
    const busy = `${DIRECT_KEY}-busy`;
    await upstream.setKey({ key: busy, state: "active", credits: null, downloadTier: true });
    await upstream.setMode({ rateLimit: true });
    const gateway = await startGateway(stack, { TIKLIVE_KEY: busy });
    try {
      const call = "/userid/?username=busy";
      for (let times = 0; times < CALLS_PER_MINUTE; times++) await upstream.direct(call, busy);
      const direct = await upstream.direct(call, busy);
      const response = await gateway.get(call, { key: shared });
      expect([direct.status, response.status]).toEqual([429, 429]);
      const [told, passedOn] = [direct, response].map(({ headers }) => Number(headers.get("retry-after")));
      expect(passedOn).toBeGreaterThan(2);
      expect(passedOn).toBeLessThanOrEqual(told ?? 0);
    } finally {
      await gateway.close();
      await upstream.setMode({ rateLimit: false });
    }
  });

  it("a missing entity is said again in full to whoever has its validator: 304 would mean that it is there", async () => {
    const { gateway, upstream, shared: key } = running();
    await upstream.setMode({ errorStyle: "documented" });
    const call = "/userid/?username=missing_validated";
    const first = await gateway.get(call, { key });
    const etag = first.headers.get("etag") ?? "";
    expect(etag).not.toBe("");
    const again = await gateway.get(call, { key, headers: { "if-none-match": etag } });
    expect(again.headers.get("cache-status")).toContain("tikedge; hit");
    expect(again.status).toBe(404);
    expect(await again.bytes()).toEqual(await first.bytes());
  });
});
