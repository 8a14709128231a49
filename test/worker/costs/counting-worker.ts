import * as v from "valibot";
import gateway from "../../../src/index.ts";
import { tap, type Places } from "./tap.ts";

const counting = tap();

/** What a queue is to deliver, all in one batch. */
const Delivery = v.object({ queue: v.string(), messages: v.array(v.unknown()) });

const Settings = v.object({
  UPSTASH_REDIS_REST_URL: v.string(),
  NEON_SQL_ENDPOINT: v.string(),
  UPSTREAM_URL: v.string(),
});

/**
 * The build in which what a request costs is counted: the Worker as it is deployed, but that everything it asks for outside is counted, and
 * takes a little longer. `POST /__costs` begins anew, `GET` tells, `POST /__queue` lets the consumers have a batch, and
 * `POST /__jobs` runs what the clock brings.
 */
export default {
  async fetch(request, env, context) {
    counting.goingTo(placesOf(env));
    const { pathname } = new URL(request.url);
    if (pathname === "/__costs" && request.method === "POST") counting.begin();
    if (pathname === "/__costs") return Response.json(counting.read());
    if (pathname === "/__queue") return consume(await request.json(), env);
    if (pathname === "/__jobs") return runJobs(env);
    const response = await gateway.fetch(request, tapped(env), counting.context(context));
    counting.answered();
    return response;
  },
} satisfies ExportedHandler<Env>;

async function consume(delivery: unknown, env: Env): Promise<Response> {
  const { queue, messages } = v.parse(Delivery, delivery);
  let acknowledged = 0;
  const batch = messages.map((body, at) => ({
    id: String(at),
    body,
    attempts: 1,
    timestamp: new Date(),
    ack: () => void (acknowledged += 1),
    retry: () => undefined,
  }));
  await gateway.queue({ queue, messages: batch }, tapped(env));
  counting.answered();
  return new Response(null, { status: acknowledged === messages.length ? 204 : 500 });
}

async function runJobs(env: Env): Promise<Response> {
  const minute = { scheduledTime: Date.now(), cron: "* * * * *", noRetry: () => undefined };
  await gateway.scheduled(minute, tapped(env));
  counting.answered();
  return new Response(null, { status: 204 });
}

function tapped(env: Env): Env {
  return {
    ...env,
    USAGE_QUEUE: counting.queue(env.USAGE_QUEUE),
    CONTROL_QUEUE: counting.queue(env.CONTROL_QUEUE),
    REFRESH_QUEUE: counting.queue(env.REFRESH_QUEUE),
  };
}

function placesOf(env: Env): Places {
  const { UPSTASH_REDIS_REST_URL, NEON_SQL_ENDPOINT, UPSTREAM_URL } = v.parse(Settings, env);
  return {
    [new URL(UPSTASH_REDIS_REST_URL).origin]: "redis",
    [new URL(NEON_SQL_ENDPOINT).origin]: "postgres",
    [new URL(UPSTREAM_URL).origin]: "upstream",
  };
}
