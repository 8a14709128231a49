import { Hono } from "hono";
import { BODY_SIZES, bodyOf } from "./bodies.ts";
import { hitFields } from "./hit-fields.ts";
import { BarePage } from "./page.tsx";

type Settings = { readonly UPSTASH_REDIS_REST_URL: string; readonly UPSTASH_REDIS_REST_TOKEN: string };

const BODIES = new Map<string, string>(BODY_SIZES.map((size) => [size, bodyOf(size)]));
const usual = bodyOf("usual");
const JSON_TYPE = { "content-type": "application/json" };

const CACHED = "https://bench.tikedge.internal/hello";
const NEVER_CACHED = "https://bench.tikedge.internal/none";

/**
 * What the framework costs that the gateway uses, and what one question to Redis or to the Cache API costs on top of it: no gateway that
 * asks the same can beat that.
 */
export default new Hono<{ Bindings: Settings }>()
  .get("/hello", (c) => c.body(usual, 200, JSON_TYPE))
  .get("/looked-up/:size", (c) => c.body(BODIES.get(c.req.param("size")) ?? "", 200, JSON_TYPE))
  .get("/fields", () => new Response(BODIES.get("usual") ?? "", { status: 200, headers: hitFields() }))
  .get("/page", (c) => c.html(<BarePage />))
  .get("/round-trip", async (c) => {
    await ping(c.env);
    return c.body(usual, 200, JSON_TYPE);
  })
  .get("/match-and-round-trip", async (c) => {
    await caches.default.match(NEVER_CACHED);
    await ping(c.env);
    return c.body(usual, 200, JSON_TYPE);
  })
  .get("/cache-match", async (c) => {
    const cached = await caches.default.match(CACHED);
    if (cached !== undefined) return c.body(await cached.text(), 200, JSON_TYPE);
    const headers = { "cache-control": "max-age=3600", "content-length": String(usual.length) };
    await caches.default.put(CACHED, new Response(usual, { headers }));
    return c.body(usual, 200, JSON_TYPE);
  });

async function ping({ UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token }: Settings): Promise<void> {
  const reply = await fetch(url, { method: "POST", headers: { authorization: `Bearer ${token}` }, body: '["PING"]' });
  await reply.text();
}
