import type { Stack } from "./gateway.ts";

/** What stands in the request that adds to the log of changes, and in no other: the keys of its script. */
export const APPENDING = '2,"tkc:log"';

/** What the local Upstash endpoint of a stack is to do wrong, until it is healed. */
export function redisFaults({ upstash, redisToken }: Pick<Stack, "upstash" | "redisToken">) {
  const tell = async (method: "POST" | "DELETE", body: string | null) => {
    const headers = { authorization: `Bearer ${redisToken}` };
    const told = await fetch(new URL("/__faults", upstash.url), { method, headers, body });
    if (!told.ok) throw new Error(`/__faults: ${told.status}`);
  };
  return {
    set: (fault: Readonly<Record<string, unknown>>) => tell("POST", JSON.stringify({ times: null, ...fault })),
    heal: () => tell("DELETE", null),
  };
}
