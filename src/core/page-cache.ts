import { hashtagName } from "./hashtag-name.ts";
import type { PurgeTarget } from "./purge.ts";

/**
 * The cache in front of the public pages. `absent`: there is none here, as on a machine of one's own. `refused`: the platform took it not,
 * since it takes a few a minute; pages then end by their time. Never throws.
 */
export type PageCache = { purge(tags: readonly string[]): Promise<PagesPurged> };

export type PagesPurged = "purged" | "refused" | "absent";

/** What every public page is tagged with. */
const ALL = "pages";

/** For how long a page may be shown while a new one is made, and while none can be, seconds. */
export const WHILE_REVALIDATING_SECONDS = 3_600;
const IF_ERROR_SECONDS = 86_400;

type Kept = {
  /** For how long nothing newer would come of making it again, whole seconds. */
  readonly freshSeconds: number;
  readonly tags: readonly string[];
};

/**
 * How long a page may be kept: by browsers a minute, since no purge reaches them; by the cache in front as long as it is true. `max-age` and not
 * `s-maxage`, which would forbid to show the old one meanwhile.
 */
export function pageFields({ freshSeconds, tags }: Kept): Readonly<Record<string, string>> {
  return {
    "cache-control": "public, max-age=60, stale-while-revalidate=300",
    "cdn-cache-control": `max-age=${freshSeconds}, stale-while-revalidate=${WHILE_REVALIDATING_SECONDS}, stale-if-error=${IF_ERROR_SECONDS}`,
    "cache-tag": [ALL, ...tags].join(","),
  };
}

/** How long it may be kept that there is no such page. */
export function absentFields(tags: readonly string[]): Readonly<Record<string, string>> {
  return {
    "cache-control": "public, max-age=60",
    "cdn-cache-control": "max-age=300",
    "cache-tag": [ALL, ...tags].join(","),
  };
}

/** What pages are tagged with that show this hashtag: printable ASCII without commas, which two spellings of one name share. */
export function hashtagTags({ id, name }: { readonly id: string | null; readonly name: string }): readonly string[] {
  return [`tag-name-${encodeURIComponent(name)}`, ...(id === null ? [] : [`tag-${id}`])];
}

/** The tags of the pages that are made of what was purged; none where no page is. */
export function tagsOfPurged(targets: readonly PurgeTarget[], subjects: readonly string[]): readonly string[] {
  if (targets.some(({ kind }) => kind === "everything")) return [ALL];
  const named = targets.flatMap((target) => (target.kind === "subject" ? [target.subject] : []));
  return [...new Set([...named, ...subjects].flatMap(tagOf))];
}

function tagOf(subject: string): readonly string[] {
  const [, id] = /^challenge:(\d+)$/.exec(subject) ?? [];
  if (id !== undefined) return [`tag-${id}`];
  const [, text = ""] = /^challenge:#(.+)$/s.exec(subject) ?? [];
  const name = hashtagName(text);
  return name === undefined ? [] : [`tag-name-${encodeURIComponent(name)}`];
}
