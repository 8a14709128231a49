import { EMPTY_ID_PREFIX, EMPTY_NAME_PREFIX, MISSING_NAME_PREFIX } from "../markers.ts";
import { drawsFor, nowSeconds, type Moment } from "./moment.ts";
import { nextOffset, sliceOfLine, sliceOfList, type Span } from "./timeline.ts";
import { inventUser, listedUserOf, profileOf, userOf } from "./users.ts";

/** `/user-followers/`: paged by `time`, the second the last one on the page began to follow. */
export function followers(moment: Moment, userId: string, span: Span) {
  const { people, ...rest } = pageOfPeople(moment, `followers/${userId}`, userId, span);
  return { followers: people, total: userOf(moment, userId).followers, ...rest };
}

/** `/user-following/`: under `followings`. */
export function followings(moment: Moment, userId: string, span: Span) {
  const { people, ...rest } = pageOfPeople(moment, `following/${userId}`, userId, span);
  return { followings: people, total: userOf(moment, userId).following, ...rest };
}

/** `/search-user/`: whoever has the keyword for a handle comes first. Clients read an item as `user` or as `user_info`. */
export function searchUsers(moment: Moment, keyword: string, span: Span) {
  const { items, hasMore } = sliceOfList(hits(moment, keyword), span);
  const found = items.map((id) => {
    const { user, stats } = profileOf(moment, id);
    const { uniqueId, nickname, secUid } = user;
    const { followerCount, heartCount, videoCount } = stats;
    return { user, stats, user_info: { uniqueId, nickname, secUid, followerCount, heartCount, videoCount } };
  });
  return { user_list: found, cursor: nextOffset(span, items.length), hasMore };
}

function pageOfPeople(moment: Moment, key: string, userId: string, span: Span) {
  const draws = drawsFor(moment, "people", key);
  const size = userId.startsWith(EMPTY_ID_PREFIX) ? 0 : draws.int(230, 620);
  const line = { key, everySeconds: draws.int(120, 7_200), size };
  const { items, hasMore } = sliceOfLine(line, nowSeconds(moment), span);
  const people = items.map((it) => listedUserOf(moment, inventUser(moment, key, it.index)));
  return { people, time: items.at(-1)?.atSeconds ?? 0, hasMore };
}

function hits(moment: Moment, keyword: string): readonly string[] {
  const handle = keyword.toLowerCase().replaceAll(/[^a-z0-9._]/g, "");
  if (handle === "" || handle.startsWith(EMPTY_NAME_PREFIX) || handle.startsWith(MISSING_NAME_PREFIX)) return [];
  const count = drawsFor(moment, "search-user", handle).int(20, 80);
  const others = Array.from({ length: count }, (_, at) => inventUser(moment, "search-user", handle, at));
  return [moment.handles.idOf(handle), ...others];
}
