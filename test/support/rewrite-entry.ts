import { Redis } from "ioredis";

export type Head = Readonly<Record<string, unknown>>;

type Rewriting = { readonly endpoint: string; readonly text: string; readonly change: (head: Head) => Head };

/** Changes the head of a stored entry, which is its first line, and leaves body and expiry alone. Waits until it is stored. */
export async function rewriteEntry(redisUrl: string, { endpoint, text, change }: Rewriting): Promise<void> {
  const redis = new Redis(redisUrl);
  try {
    for (;;) {
      for (const key of await redis.keys(`tla:*:${endpoint}:*`)) {
        const stored = (await redis.get(key)) ?? "";
        const end = stored.indexOf("\n");
        const head: Head = JSON.parse(stored.slice(0, end));
        if (!String(head["identity"]).includes(`"${text}"`)) continue;
        await redis.set(key, JSON.stringify(change(head)) + stored.slice(end), "KEEPTTL");
        return;
      }
    }
  } finally {
    redis.disconnect();
  }
}
