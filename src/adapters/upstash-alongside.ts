import type { Redis } from "@upstash/redis/cloudflare";
import type { Alongside } from "../core/ports.ts";

type Value = string | null;

/**
 * Reads keys with one command, and what others want to know besides with the same one; the time of Redis is a second command of the same request, for
 * whom it is of use.
 */
export async function mgetAlongside(
  redis: Redis,
  keys: readonly string[],
  { alongside, clock }: { readonly alongside: readonly Alongside[]; readonly clock: () => number },
): Promise<readonly Value[]> {
  const all = [...keys, ...alongside.flatMap(({ names }) => names)];
  const askedAtMs = clock();
  const { values, redisMs } = alongside.some(({ wantsTime }) => wantsTime)
    ? await withTime(redis, all)
    : { values: await redis.mget<Value[]>(all), redisMs: undefined };
  let from = keys.length;
  for (const { names, heard } of alongside) heard(values.slice(from, (from += names.length)), { askedAtMs, redisMs });
  return values.slice(0, keys.length);
}

async function withTime(redis: Redis, keys: readonly string[]) {
  const asking = redis
    .pipeline()
    .mget<Value[]>([...keys])
    .time();
  const [values, [seconds]] = await asking.exec<[Value[], [string, string]]>();
  return { values, redisMs: Number(seconds) * 1_000 };
}
