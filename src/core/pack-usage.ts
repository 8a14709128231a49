import type { Usage, UsageMessage } from "./usage.ts";

/**
 * Things in one message. A delivery of ten messages may then be of 500 tenants with a statement each, and an invocation may make 1,000 requests.
 */
export const MOST_IN_MESSAGE = 50;

/** Characters of one message: Cloudflare bills by 64 KB and refuses 128. All of it is ASCII (`messages.ts`), so these are bytes. */
export const MOST_CHARACTERS = 60_000;

/** Puts usage together into as few messages as carry it, in its order. What is too large by itself is a message of its own. */
export function packUsage(usage: readonly Usage[]): UsageMessage[] {
  const packs: Usage[][] = [];
  let characters = 0;
  for (const each of usage) {
    const more = JSON.stringify(each).length + 1;
    const pack = packs.at(-1);
    if (pack === undefined || pack.length === MOST_IN_MESSAGE || characters + more > MOST_CHARACTERS) {
      packs.push([each]);
      characters = more;
    } else {
      pack.push(each);
      characters += more;
    }
  }
  return packs.map((pack) => ({ kind: "batch", usage: pack }));
}
