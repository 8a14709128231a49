import { expect, it } from "vitest";
import { books } from "../support/books.ts";
import { eventually } from "../support/eventually.ts";
import { useGateway } from "../support/use-gateway.ts";

const CALL = "/userinfo-by-username/?username=walked";
const ENDPOINT = "userinfo-by-username";
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** Redis is asked each time, so that an entry whose times were changed there is seen as it is. */
const running = useGateway({ MEMORY_MS: "0", REFRESH_AGAIN_MS: "1", BREAKER_FAILURES: "1000000" });

/** Lets the entry grow older, as if so much time had passed since it was fetched. */
async function grow(ms: number, text = "walked") {
  await running().stack.rewriteEntry(ENDPOINT, text, (head) => ({
    ...head,
    fetchedAtMs: Number(head["fetchedAtMs"]) - ms,
    reservedAtMs: Number(head["reservedAtMs"]) - ms,
  }));
}

async function look(init: { headers?: Record<string, string> } = {}) {
  const { gateway, shared, upstream } = running();
  const response = await gateway.get(CALL, { key: shared, ...init });
  const status = response.headers.get("cache-status") ?? "";
  const [, ttl] = /ttl=(-?\d+)/.exec(status) ?? [];
  const age = response.headers.get("age");
  return {
    status: response.status,
    body: await response.text(),
    age: age === null ? null : Number(age),
    ttl: ttl === undefined ? null : Number(ttl),
    said: status.replace(/ttl=-?\d+/, "ttl=…"),
    cacheControl: response.headers.get("cache-control"),
    charged: response.headers.get("x-credits-charged"),
    calls: await upstream.calls(),
  };
}

/** What a client that asks the upstream itself gets now. */
const direct = async () => (await running().upstream.direct(CALL)).text();

it("walks an entry through fresh, stale, refreshed, expired, error and recovered, and says the truth at each step", async () => {
  const { upstream, stack } = running();
  const first = await direct();
  const before = await upstream.calls();
  const walked: string[] = [];
  const step = async (name: string, spent: number) => {
    const seen = await look();
    walked.push(`${name}: ${seen.said}`);
    expect(seen.calls - before, name).toBe(spent);
    expect((seen.age ?? 0) + (seen.ttl ?? 3_600), name).toBe(3_600);
    return seen;
  };

  const fetched = await step("cold", 1);
  expect(fetched).toMatchObject({ status: 200, body: first, age: 0, charged: "1" });
  expect(await step("fresh", 1)).toMatchObject({ body: first, charged: "0" });

  await upstream.setClock({ advanceMs: HOUR_MS });
  const second = await direct();
  expect(second, "the upstream's answer has changed").not.toBe(first);
  const spentDirectly = (await upstream.calls()) - before - 1;
  await grow(HOUR_MS + 35_000);
  const stale = await step("stale", spentDirectly + 1);
  expect(stale).toMatchObject({ status: 200, body: first, charged: "0" });
  expect(stale.age).toBeGreaterThanOrEqual(3_635);
  expect(stale.cacheControl, "a client may keep nothing of it").toBe(`private, max-age=${stale.age}`);

  const refreshed = await eventually(async () => {
    const seen = await look();
    expect(seen.body).toBe(second);
    return seen;
  });
  expect(refreshed.said).toBe("tikedge; hit; ttl=…; detail=redis");
  expect(refreshed.calls - before, "the refresh was one call").toBe(spentDirectly + 2);
  expect(refreshed.age).toBeLessThan(60);

  await grow(2 * HOUR_MS + MINUTE_MS);
  await upstream.fault({ kind: "status", status: 500, path: "/userinfo-by-username/", times: 1 });
  const error = await step("error past the stale window", spentDirectly + 3);
  expect(error).toMatchObject({ status: 200, body: second, charged: "0" });
  expect(error.age).toBeGreaterThanOrEqual(7_260);

  const recovered = await step("recovered", spentDirectly + 4);
  expect(recovered).toMatchObject({ body: second, age: 0, charged: "1" });

  await grow(25 * HOUR_MS);
  await upstream.fault({ kind: "status", status: 500, path: "/userinfo-by-username/", times: 1 });
  const expired = await step("error past every bound", spentDirectly + 5);
  expect(expired).toMatchObject({ status: 500, age: null });
  expect(await step("recovered again", spentDirectly + 6)).toMatchObject({ status: 200, body: second });

  expect(walked).toEqual([
    "cold: tikedge; fwd=uri-miss; fwd-status=200; stored; ttl=…",
    "fresh: tikedge; hit; ttl=…; detail=redis",
    "stale: tikedge; hit; ttl=…; detail=swr",
    "error past the stale window: tikedge; fwd=stale; fwd-status=500; ttl=…; detail=sie",
    "recovered: tikedge; fwd=uri-miss; fwd-status=200; stored; ttl=…",
    "error past every bound: tikedge; fwd=uri-miss; fwd-status=500",
    "recovered again: tikedge; fwd=uri-miss; fwd-status=200; stored; ttl=…",
  ]);
  await eventually(async () => {
    const events = await books(stack.database.url).events(stack.tenant("shared").id);
    expect(events, "the refresh is in the books, and every other dispatch").toHaveLength(6);
  });
});

it("spends for a request that demands something newer, once, when its key may refresh", async () => {
  const { gateway, shared, upstream } = running();
  const call = "/userid/?username=demanded";
  const ask = (cacheControl: string) => gateway.get(call, { key: shared, headers: { "cache-control": cacheControl } });
  expect((await ask("only-if-cached")).status).toBe(504);
  await (await ask("")).text();
  const before = await upstream.calls();
  const forced = await ask("no-cache");
  expect(forced.headers.get("cache-status")).toMatch(/^tikedge; fwd=request; fwd-status=200; stored; ttl=86400$/);
  expect(forced.headers.get("x-credits-charged")).toBe("1");
  expect((await ask("max-age=3600")).headers.get("cache-status")).toContain("; hit;");
  expect((await ask("only-if-cached")).headers.get("cache-status")).toContain("; hit;");
  expect(await upstream.calls()).toBe(before + 1);
});

it("spends for nobody else's reload, because browsers send no-cache with each", async () => {
  const { gateway, stack, upstream } = running();
  const tenant = stack.tenant("shared");
  await books(stack.database.url).query("UPDATE app.api_keys SET permissions = '{data}' WHERE tenant_id = $1", [
    stack.tenant("byo").id,
  ]);
  const key = stack.tenant("byo").apiKey;
  expect(tenant.id).not.toBe(stack.tenant("byo").id);
  await (await gateway.get("/userid/?username=reloaded", { key })).text();
  const before = await upstream.calls();
  for (const cacheControl of ["no-cache", "max-age=0", "no-store"]) {
    const response = await gateway.get("/userid/?username=reloaded", {
      key,
      headers: { "cache-control": cacheControl },
    });
    expect(response.headers.get("cache-status")).toContain("; hit;");
  }
  expect(await upstream.calls()).toBe(before);
});

it("states to a tenant with tighter windows what is left by those, and to the others what is left by theirs", async () => {
  const { gateway, stack, shared } = running();
  const call = "/challenge-info-name/?name=tightened";
  await (await gateway.get(call, { key: shared })).text();
  await stack.rewriteEntry("challenge-info-name", "tightened", (head) => ({
    ...head,
    fetchedAtMs: Number(head["fetchedAtMs"]) - 100_000,
  }));
  const response = await fetch(`${gateway.url}/v1/tenant`, {
    method: "PATCH",
    headers: { authorization: `Bearer ${stack.tenant("shared").apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ windows: { "challenge-info": { fresh_seconds: 60, stale_seconds: 3_600 } } }),
  });
  expect(response.status, await response.text()).toBe(200);
  await eventually(async () => {
    const stale = await gateway.get(call, { key: shared });
    expect(stale.headers.get("cache-status")).toMatch(/^tikedge; hit; ttl=-[34]\d; detail=swr$/);
    expect(stale.headers.get("cache-control")).toBe(`private, max-age=${stale.headers.get("age")}`);
  });
  await eventually(async () => {
    const refreshed = await gateway.get(call, { key: shared });
    expect(refreshed.headers.get("cache-status")).toMatch(/^tikedge; hit; ttl=(?:60|5\d); detail=redis$/);
  });
});

it("answers a call by the answer to another, marked, and in the bytes that the upstream sends for it", async () => {
  const { gateway, shared, upstream } = running();
  await (await gateway.get("/userinfo-by-username/?username=derived.one", { key: shared })).text();
  const before = await upstream.calls();
  const derived = await eventually(async () => {
    const response = await gateway.get("/userid/?username=derived.one", {
      key: shared,
      headers: { "cache-control": "only-if-cached" },
    });
    expect(response.status).toBe(200);
    return response;
  });
  expect(derived.headers.get("cache-status")).toMatch(/^tikedge; hit; ttl=\d+; detail=derived$/);
  const { id } = await derived.json<{ id: string }>();
  expect(await upstream.calls()).toBe(before);
  expect(await (await upstream.direct("/userid/?username=derived.one")).json()).toEqual({ id });
  const byId = await gateway.get(`/userinfo-by-id/?userid=${id}`, { key: shared });
  expect(byId.headers.get("cache-status")).toMatch(/detail=derived$/);
});
