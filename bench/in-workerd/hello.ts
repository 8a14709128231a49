import { Hono } from "hono";
import { BODY_SIZES, bodyOf } from "./bodies.ts";

type Settings = { readonly UPSTASH_REDIS_REST_URL: string; readonly UPSTASH_REDIS_REST_TOKEN: string };

const BODIES = new Map<string, string>(BODY_SIZES.map((size) => [size, bodyOf(size)]));
const usual = bodyOf("usual");
const JSON_TYPE = { "content-type": "application/json" };

const CACHED = "https://bench.tikedge.internal/hello";

/**
 * What the framework costs that the gateway uses, and what one question to Redis or to the Cache API costs on top of it: no gateway that
 * asks the same can beat that.
 */
export default new Hono<{ Bindings: Settings }>()
  .get("/hello", (c) => c.body(usual, 200, JSON_TYPE))
  .get("/looked-up/:size", (c) => c.body(BODIES.get(c.req.param("size")) ?? "", 200, JSON_TYPE))
  .get("/round-trip", async (c) => {
    const headers = { authorization: `Bearer ${c.env.UPSTASH_REDIS_REST_TOKEN}` };
    const reply = await fetch(c.env.UPSTASH_REDIS_REST_URL, { method: "POST", headers, body: '["PING"]' });
    await reply.text();
    return c.body(usual, 200, JSON_TYPE);
  })
  .get("/cache-match", async (c) => {
    const cached = await caches.default.match(CACHED);
    if (cached !== undefined) return c.body(await cached.text(), 200, JSON_TYPE);
    const headers = { "cache-control": "max-age=3600", "content-length": String(usual.length) };
    await caches.default.put(CACHED, new Response(usual, { headers }));
    return c.body(usual, 200, JSON_TYPE);
  });
