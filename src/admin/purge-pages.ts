import type { PageCache, PagesPurged } from "../core/page-cache.ts";
import type { Background } from "../core/ports.ts";

export type PurgePagesPorts = {
  /** By the context of a request: what the platform has for it. */
  readonly pageCacheOf: (context: object) => PageCache;
  readonly pause: (ms: number) => Promise<void>;
};

type Purging = { readonly context: object; readonly tags: readonly string[]; readonly background: Background };

/** By then every isolate that serves anybody has heard of a purge, as a rule. */
const HEARD_MS = 3_000;

/**
 * Purges the public pages that are made of what was purged; `none` where no page is. And once more some seconds later, since an isolate that had
 * not heard of it may have made a page of the old answer meanwhile, which would be kept for as long as that one was fresh.
 */
export async function purgePages(
  { pageCacheOf, pause }: PurgePagesPorts,
  { context, tags, background }: Purging,
): Promise<PagesPurged | "none"> {
  if (tags.length === 0) return "none";
  const pages = pageCacheOf(context);
  const purged = await pages.purge(tags);
  const again = async () => {
    await pause(HEARD_MS);
    await pages.purge(tags);
  };
  if (purged !== "absent") background(again());
  return purged;
}
