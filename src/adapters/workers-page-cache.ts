import type { PageCache, PagesPurged } from "../core/page-cache.ts";

/** As much of a context as there is of it: a class of the Worker's own, and a cache, only where the platform has one. */
type Exporting = { readonly exports?: { readonly PublicPages?: { purge(tags: string[]): Promise<PagesPurged> } } };
type Purging = Pick<CacheContext, "purge">;

/** Cloudflare's cache in front of the public pages. It is theirs alone to purge, so they are asked to, by a call that goes through no cache. */
export function workersPageCache({ exports }: Exporting): PageCache {
  return {
    async purge(tags) {
      try {
        return (await exports?.PublicPages?.purge([...tags])) ?? "absent";
      } catch {
        return "refused";
      }
    },
  };
}

/** What the public pages do when they are asked to. */
export async function purgeOwnCache(cache: Purging | undefined, tags: string[]): Promise<PagesPurged> {
  if (cache === undefined) return "absent";
  const { success } = await cache.purge({ tags });
  return success ? "purged" : "refused";
}
