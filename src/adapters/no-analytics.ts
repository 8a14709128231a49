/**
 * What the Worker has in place of `@upstash/core-analytics` (wrangler.toml): the limiter is made without analytics, which would grow in an
 * isolate without bound, so its client need not be carried along.
 */
export function Analytics(): never {
  throw new Error("the limiter keeps no analytics");
}
