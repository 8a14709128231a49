import { type BareItem, parseList } from "structured-headers";
import { describe, expect, it } from "vitest";
import { books } from "../support/books.ts";
import { storeSharedTenant } from "../support/cast.ts";
import { useGateway } from "../support/use-gateway.ts";

/** One parameter of the field's only member, which is the policy `burst`. */
function burst(response: Response | undefined, field: string, parameter: string): BareItem | undefined {
  const [member, ...others] = parseList(response?.headers.get(field) ?? "");
  expect(others).toEqual([]);
  expect(member?.[0]).toBe("burst");
  return member?.[1].get(parameter);
}

describe("one rate bucket a tenant", () => {
  const running = useGateway();

  it("over its rate a tenant is refused before the upstream is asked, told when to come back, and alone in it", async () => {
    const { stack, gateway, upstream } = running();
    await books(stack.database.url).query(
      "UPDATE app.plans SET burst_capacity = 3, burst_refill_per_second = 1 WHERE name = 'free'",
      [],
    );
    const [eager, other] = [await storeSharedTenant(stack, "free"), await storeSharedTenant(stack, "free")];
    const before = await upstream.calls();
    const calls = Array.from({ length: 12 }, (_, at) => `/userid/?username=eager${at}`);
    const responses = await Promise.all(calls.map((call) => gateway.get(call, { key: eager.apiKey })));
    const served = responses.filter(({ status }) => status === 200);
    const refusals = responses.filter(({ status }) => status === 429);
    expect(served.length).toBeGreaterThanOrEqual(3);
    expect(refusals.length).toBeGreaterThan(0);
    expect(served.length + refusals.length).toBe(calls.length);
    expect(await upstream.calls()).toBe(before + served.length);

    for (const refusal of refusals) {
      expect(refusal.headers.get("cache-control")).toBe("no-store");
      expect(burst(refusal, "ratelimit-policy", "q")).toBe(3);
      expect(burst(refusal, "ratelimit-policy", "w")).toBe(3);
      expect(burst(refusal, "ratelimit", "r")).toBe(0);
      const retryAfter = Number(refusal.headers.get("retry-after"));
      expect(retryAfter).toBeGreaterThanOrEqual(Math.max(1, Number(burst(refusal, "ratelimit", "t"))));
    }
    expect((await gateway.get("/userid/?username=eager0", { key: other.apiKey })).status).toBe(200);
  });
});
