import { EMPTY_ID_PREFIX } from "../markers.ts";
import { pageOfFeed } from "./feeds.ts";
import { imageUrl } from "./media.ts";
import { drawsFor, type Moment } from "./moment.ts";
import { inventListName } from "./text.ts";
import { nextOffset, sliceOfList, type Span } from "./timeline.ts";
import { inventUser, userOf } from "./users.ts";

/** The two kinds of lists that a user makes of posts: playlists of one's own, collections of anybody's. */
type Kind = "playlist" | "collection";

/** `/user-playlists/` */
export function userPlaylists(moment: Moment, userId: string, span: Span) {
  const { items, hasMore } = sliceOfList(listsOf(moment, "playlist", userId), span);
  return { playlist_list: items, cursor: String(nextOffset(span, items.length)), hasMore };
}

/** `/user-collections/` */
export function userCollections(moment: Moment, userId: string, span: Span) {
  const { items, hasMore } = sliceOfList(listsOf(moment, "collection", userId), span);
  return { collection_list: items, cursor: nextOffset(span, items.length), hasMore };
}

/** `/playlist-info/` */
export function playlistInfo(moment: Moment, id: string) {
  const creatorId = creatorOf(moment, "playlist", id);
  const { handle, nickname } = userOf(moment, creatorId);
  const { name, video_count, cover } = listOf(moment, "playlist", id);
  const creator = { creator_unique_id: handle, creator_id: creatorId, creator_nickname: nickname };
  return { id, name, video_count, ...creator, cover };
}

/** `/collection-info/`, which names its creator by other keys than `/playlist-info/`. */
export function collectionInfo(moment: Moment, id: string) {
  const creatorId = creatorOf(moment, "collection", id);
  const { name, video_count } = listOf(moment, "collection", id);
  return { id, name, video_count, creator_username: userOf(moment, creatorId).handle, creator_user_id: creatorId };
}

/** `/playlist-posts/`: the creator's own. */
export function playlistPosts(moment: Moment, id: string, span: Span) {
  const authorId = creatorOf(moment, "playlist", id);
  return pageOfFeed(
    moment,
    { line: lineOf(moment, "playlist", id), cursor: "milliseconds", origin: () => ({ authorId }) },
    span,
  );
}

/** `/collection-posts/`: by all sorts of people. */
export function collectionPosts(moment: Moment, id: string, span: Span) {
  const line = lineOf(moment, "collection", id);
  const origin = (index: number) => ({ authorId: inventUser(moment, line.key, index) });
  return pageOfFeed(moment, { line, cursor: "offset", origin }, span);
}

function listsOf(moment: Moment, kind: Kind, userId: string) {
  const draws = drawsFor(moment, kind, "of", userId);
  const count = userId.startsWith(EMPTY_ID_PREFIX) ? 0 : draws.int(3, 24);
  return Array.from({ length: count }, () => {
    const id = `7${draws.digits(18)}`;
    moment.origins.set(`${kind}/${id}`, { authorId: userId });
    return listOf(moment, kind, id);
  });
}

function listOf(moment: Moment, kind: Kind, id: string) {
  const name = inventListName(drawsFor(moment, kind, id));
  return {
    id,
    name,
    video_count: lineOf(moment, kind, id).size,
    cover: imageUrl(moment, `${kind}-${id}`, "resize:300:400"),
  };
}

function lineOf(moment: Moment, kind: Kind, id: string) {
  const draws = drawsFor(moment, kind, "posts", id);
  const size = id.startsWith(EMPTY_ID_PREFIX) ? 0 : draws.int(12, 80);
  return { key: `${kind}/${id}`, everySeconds: draws.int(24, 240) * 3600, size };
}

function creatorOf(moment: Moment, kind: Kind, id: string): string {
  return moment.origins.get(`${kind}/${id}`)?.authorId ?? inventUser(moment, kind, id);
}
