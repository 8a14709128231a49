import { app, publicApp } from "./app.ts";
import { onSchedule } from "./cron/on-schedule.ts";
import { readConfig } from "./env.ts";
import { consume, type Batch } from "./queue/consume.ts";
import type { services } from "./services.ts";

/** The Worker, and what is behind its public pages, over the services that `servicesOf` makes: the real ones, or a test build's, which wraps them. */
export function worker(servicesOf: typeof services) {
  /** What an isolate boots once, at its first event: a binding may not be used before. */
  const boot = once((env: Env) => {
    const s = servicesOf(readConfig(env), env);
    const pages = publicApp(s);
    return { app: app(s, pages), pages, consume: consume(s), onSchedule: onSchedule(s) };
  });
  const handler = {
    fetch: (request: Request, env: Env, context: ExecutionContext) => boot(env).app.fetch(request, env, context),
    queue: (batch: Batch, env: Env) => boot(env).consume(batch),
    scheduled: (_controller: ScheduledController, env: Env) => boot(env).onSchedule(),
  } satisfies ExportedHandler<Env>;
  const publicPages = (request: Request, env: Env, context: ExecutionContext) =>
    boot(env).pages.fetch(request, env, context);
  return { handler, publicPages };
}

function once<A, B>(make: (from: A) => B): (from: A) => B {
  let made: { readonly value: B } | undefined;
  return (from) => (made ??= { value: make(from) }).value;
}
