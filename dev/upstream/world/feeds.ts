import { EMPTY_ID_PREFIX, EMPTY_NAME_PREFIX, MISSING_NAME_PREFIX } from "../markers.ts";
import { hash32 } from "./draws.ts";
import { drawsFor, nowSeconds, type Moment, type Origin } from "./moment.ts";
import { countersOf, listedPost, timedId } from "./posts.ts";
import { nextOffset, sliceOfLine, sliceOfList, wholeLine, type Happening, type Line, type Span } from "./timeline.ts";
import { inventUser, postingLine } from "./users.ts";

/** Cursors are opaque and differ in type from list to list, as the upstream's do. */
type CursorKind = "milliseconds" | "offset" | "offset as text";

type Feed = {
  readonly line: Line;
  readonly cursor: CursorKind;
  readonly origin: (index: number) => Origin;
};

/** `/user-posts/` */
export function userPosts(moment: Moment, userId: string, span: Span) {
  const origin = { authorId: userId };
  return pageOfFeed(moment, { line: postingLine(moment, userId), cursor: "milliseconds", origin: () => origin }, span);
}

/** `/user-liked/` */
export function userLiked(moment: Moment, userId: string, span: Span) {
  return pageOfFeed(moment, othersFeed(moment, `liked/${userId}`, userId, "milliseconds"), span);
}

/** `/music-posts/` */
export function musicPosts(moment: Moment, musicId: string, span: Span) {
  const feed = othersFeed(moment, `music/${musicId}`, musicId, "offset as text");
  return pageOfFeed(moment, { ...feed, origin: (index) => ({ ...feed.origin(index), musicId }) }, span);
}

/** `/challenge-posts/`; a region has posts of its own. */
export function challengePosts(moment: Moment, challengeId: string, span: Span & { readonly region: string }) {
  const feed = othersFeed(moment, `challenge/${challengeId}/${span.region}`, challengeId, "offset");
  return pageOfFeed(moment, inRegion(feed, span.region), span);
}

/** `/user-stories/`: of the last 24 hours, and most users have none. */
export function userStories(moment: Moment, userId: string) {
  const tells = userId === "107955" || drawsFor(moment, "tells", userId).oneIn(3);
  const line = { key: `stories/${userId}`, everySeconds: 6 * 3600, size: sizeFor(userId, tells ? 4 : 0) };
  const recent = wholeLine(line, nowSeconds(moment)).filter((it) => it.atSeconds > nowSeconds(moment) - 86_400);
  const videos = recent.map((it) => listedPost(moment, timedId(it.atSeconds, line.key), { authorId: userId }));
  return { videos, cursor: String((recent.at(-1)?.atSeconds ?? 0) * 1000), hasMore: false };
}

/** The parameters of a search, by the upstream's names. */
export type VideoSearch = Span & {
  readonly keyword: string;
  readonly region: string;
  /** In days; 0 for any age. */
  readonly publish_time: number;
  readonly sort_by: "relevance" | "likes" | "date";
};

/** `/search-video/` */
export function searchVideos(moment: Moment, search: VideoSearch) {
  const key = search.keyword.toLowerCase();
  const barren = key.startsWith(EMPTY_NAME_PREFIX) || key.startsWith(MISSING_NAME_PREFIX);
  const others = othersFeed(moment, `search/${key}/${search.region}`, "", "offset");
  const feed = inRegion(others, search.region);
  const earliest = search.publish_time === 0 ? 0 : nowSeconds(moment) - search.publish_time * 86_400;
  const hits = (barren ? [] : wholeLine(feed.line, nowSeconds(moment)))
    .filter((it) => it.atSeconds >= earliest)
    .map((it) => ({ index: it.index, id: timedId(it.atSeconds, feed.line.key) }));
  const slice = sliceOfList(ordered(moment, hits, search.sort_by), search);
  const videos = slice.items.map((hit) => listedPost(moment, hit.id, feed.origin(hit.index)));
  return { videos, cursor: nextOffset(search, videos.length), hasMore: slice.hasMore };
}

/** A page of posts with its cursor. */
export function pageOfFeed(moment: Moment, feed: Feed, span: Span) {
  const { items, hasMore } = sliceOfLine(feed.line, nowSeconds(moment), span);
  const videos = items.map((it) => listedPost(moment, timedId(it.atSeconds, feed.line.key), feed.origin(it.index)));
  return { videos, cursor: cursorAfter(feed.cursor, items, span), hasMore };
}

function cursorAfter(kind: CursorKind, items: readonly Happening[], span: Span): string | number {
  if (kind === "offset") return nextOffset(span, items.length);
  if (kind === "offset as text") return String(nextOffset(span, items.length));
  return String((items.at(-1)?.atSeconds ?? 0) * 1000);
}

/** Posts by all sorts of people; none in the feed of an `empty` id. */
function othersFeed(moment: Moment, key: string, id: string, cursor: CursorKind): Feed {
  const draws = drawsFor(moment, "feed", key);
  const line = { key, everySeconds: draws.int(1, 36) * 3600, size: sizeFor(id, draws.int(40, 120)) };
  return { line, cursor, origin: (index) => ({ authorId: inventUser(moment, key, index) }) };
}

function inRegion(feed: Feed, region: string): Feed {
  if (region === "") return feed;
  return { ...feed, origin: (index) => ({ ...feed.origin(index), region }) };
}

function sizeFor(id: string, size: number): number {
  return id.startsWith(EMPTY_ID_PREFIX) ? 0 : size;
}

function ordered<T extends { readonly id: string }>(
  moment: Moment,
  hits: readonly T[],
  order: VideoSearch["sort_by"],
): readonly T[] {
  if (order === "date") return hits;
  const rank = order === "likes" ? (id: string) => countersOf(moment, id).digg_count : hash32;
  return hits
    .map((hit) => ({ hit, rank: rank(hit.id) }))
    .toSorted((a, b) => b.rank - a.rank)
    .map(({ hit }) => hit);
}
