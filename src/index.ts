import { app } from "./app.ts";
import { onSchedule } from "./cron/on-schedule.ts";
import { readConfig } from "./env.ts";
import { consume } from "./queue/consume.ts";
import { services } from "./services.ts";

/** What an isolate boots once, at its first event: a binding may not be used before. */
const boot = once((env: Env) => {
  const s = services(readConfig(env), env);
  return { app: app(s), consume: consume(s), onSchedule: onSchedule(s) };
});

export default {
  fetch: (request, env, context) => boot(env).app.fetch(request, env, context),
  queue: (batch, env) => boot(env).consume(batch),
  scheduled: (_controller, env) => boot(env).onSchedule(),
} satisfies ExportedHandler<Env>;

function once<A, B>(make: (from: A) => B): (from: A) => B {
  let made: { readonly value: B } | undefined;
  return (from) => (made ??= { value: make(from) }).value;
}
