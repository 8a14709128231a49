import { Redis } from "@upstash/redis/cloudflare";
import { Unavailable } from "../core/control-ports.ts";
import type { Part } from "../core/ports.ts";

/** Where an Upstash database answers, and how long one command may take there. */
export type RedisSettings = { readonly url: string; readonly token: string; readonly commandMs: number };

/**
 * A client that sends every command once and gives up after `commandMs`. Only `retries: 0` does that: the client repeats a command
 * whose reply was lost even with `retry: false`. The signal is a function because a static one makes an aborted command resolve with
 * the abort's reason as data.
 */
export function connectRedis({ url, token, commandMs }: RedisSettings): Redis {
  return new Redis({
    url,
    token,
    retry: { retries: 0 },
    signal: () => AbortSignal.timeout(commandMs),
    automaticDeserialization: false,
    responseEncoding: false,
    enableAutoPipelining: false,
    enableTelemetry: false,
    readYourWrites: false,
  });
}

/** What a command brings, or `Unavailable`. */
export async function answering<T>(reply: Promise<T>): Promise<T> {
  try {
    return await reply;
  } catch (error) {
    throw new Unavailable("Redis does not answer", { cause: error });
  }
}

/** Redis as a part of the gateway's health. */
export function upstashPart(name: string, redis: Redis): Part {
  return {
    name,
    async ping() {
      try {
        return (await redis.ping()) === "PONG";
      } catch {
        return false;
      }
    },
  };
}
