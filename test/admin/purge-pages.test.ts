import { describe, expect, it } from "vitest";
import { purgeOwnCache, workersPageCache } from "../../src/adapters/workers-page-cache.ts";
import { purgePages } from "../../src/admin/purge-pages.ts";
import type { PagesPurged } from "../../src/core/page-cache.ts";

/** A platform that says this of every purge. */
function purging(says: PagesPurged) {
  const story: string[] = [];
  const behind: Promise<unknown>[] = [];
  const ports = {
    pageCacheOf: () => ({ purge: async (tags: readonly string[]) => (story.push(`purge ${tags.join()}`), says) }),
    pause: async (ms: number) => void story.push(`pause ${ms}`),
  };
  const purge = (tags: readonly string[]) =>
    purgePages(ports, { context: {}, tags, background: (promise) => void behind.push(promise) });
  return { purge, story, settled: () => Promise.all(behind) };
}

describe("purging pages", () => {
  it.each(["purged", "refused"] as const)(
    "is done again when all have heard, for one may have made an old page: %s",
    async (says) => {
      const { purge, story, settled } = purging(says);
      expect(await purge(["tag-42"])).toBe(says);
      await settled();
      expect(story).toEqual(["purge tag-42", "pause 3000", "purge tag-42"]);
    },
  );

  it("is not done where no page is made of it, because the platform takes a few purges a minute", async () => {
    const { purge, story } = purging("purged");
    expect(await purge([])).toBe("none");
    expect(story).toEqual([]);
  });

  it("says so where there is no such cache", async () => {
    const { purge, story, settled } = purging("absent");
    expect(await purge(["pages"])).toBe("absent");
    await settled();
    expect(story).toEqual(["purge pages"]);
  });
});

describe("the platform's cache of pages", () => {
  const answering = (says: { success: boolean }) => ({ purge: async () => ({ ...says, errors: [] }) });
  it.each([
    { cache: undefined, is: "absent", because: "a machine of one's own has none" },
    { cache: answering({ success: true }), is: "purged", because: "the platform did it" },
    { cache: answering({ success: false }), is: "refused", because: "the platform takes no more for now" },
  ])("is $is: $because", async ({ cache, is }) => expect(await purgeOwnCache(cache, ["pages"])).toBe(is));

  it("is asked by way of its owner, and is not there where nobody owns it, or where the owner fails", async () => {
    const asked: string[][] = [];
    const PublicPages = { purge: async (tags: string[]) => (asked.push(tags), "purged" as const) };
    expect(await workersPageCache({ exports: { PublicPages } }).purge(["pages"])).toBe("purged");
    expect(asked).toEqual([["pages"]]);
    expect(await workersPageCache({}).purge(["pages"])).toBe("absent");
    const failing = { purge: async () => Promise.reject(new Error("gone")) };
    expect(await workersPageCache({ exports: { PublicPages: failing } }).purge(["pages"])).toBe("refused");
  });
});
