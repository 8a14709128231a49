import { describe, expect, it } from "vitest";
import { books } from "../support/books.ts";
import { storeByoTenant } from "../support/cast.ts";
import { eventually } from "../support/eventually.ts";
import { BYO_KEY } from "../support/gateway.ts";
import { useGateway } from "../support/use-gateway.ts";

describe("tenants that bring their own key", () => {
  const running = useGateway();

  it("never get each other's answers, even when both bring the same upstream key", async () => {
    const { stack, gateway, upstream, byo } = running();
    const second = await storeByoTenant(stack, { clear: BYO_KEY, status: "active" });
    const call = "/userid/?username=apart";
    await gateway.get(call, { key: byo });
    expect((await gateway.get(call, { key: byo })).headers.get("cache-status")).toContain("tikedge; hit");
    const before = await upstream.calls();
    const response = await gateway.get(call, { key: second.apiKey });
    expect(response.status).toBe(200);
    expect(response.headers.get("cache-status")).toContain("fwd=uri-miss");
    expect(await upstream.calls()).toBe(before + 1);
    const events = await eventually(async () => {
      const rows = await books(stack.database.url).events(second.id);
      expect(rows).toHaveLength(1);
      return rows;
    });
    expect(events[0]?.upstream_key_id).toBe(second.upstreamKeyId);
  });

  it("get 503 when it is gone, and the platform's is not asked: it would spend what they did not buy", async () => {
    const { stack, gateway, upstream } = running();
    const { id, apiKey: key } = await storeByoTenant(stack, { clear: BYO_KEY, status: "invalid" });
    const before = await upstream.calls();
    const response = await gateway.get("/userid/?username=keyless", { key });
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ type: "https://tikedge.dev/problems/upstream-key-unavailable" });
    expect(await upstream.calls()).toBe(before);
    expect(await books(stack.database.url).events(id)).toEqual([]);
  });
});
