import { Hono } from "hono";

type Settings = { readonly UPSTASH_REDIS_REST_URL: string; readonly UPSTASH_REDIS_REST_TOKEN: string };

/** About as long as the answer that the other rows send. */
const body = JSON.stringify({ hello: "x".repeat(1_420) });

const CACHED = "https://bench.tikedge.internal/hello";

/**
 * What a Worker costs that does nothing, the measure of all other rows, since figures drift with the machine and ratios do not; and
 * what it costs with one question to Redis or to the Cache API, which no gateway that asks the same can beat.
 */
export default new Hono<{ Bindings: Settings }>()
  .get("/round-trip", async (c) => {
    const headers = { authorization: `Bearer ${c.env.UPSTASH_REDIS_REST_TOKEN}` };
    const reply = await fetch(c.env.UPSTASH_REDIS_REST_URL, { method: "POST", headers, body: '["PING"]' });
    await reply.text();
    return c.text(body);
  })
  .get("/cache-match", async (c) => {
    const cached = await caches.default.match(CACHED);
    if (cached !== undefined) return c.text(await cached.text());
    await caches.default.put(CACHED, new Response(body, { headers: { "cache-control": "max-age=600" } }));
    return c.text(body);
  })
  .get("*", (c) => c.text(body));
