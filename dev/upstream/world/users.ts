import { EARLIEST_MS } from "../clock.ts";
import { EMPTY_ID_PREFIX } from "../markers.ts";
import { imageUrl } from "./media.ts";
import { drawsFor, grown, type Moment } from "./moment.ts";
import { HOME_REGIONS } from "./regions.ts";
import { inventBio, inventHandle, inventNickname } from "./text.ts";
import type { Line } from "./timeline.ts";

/** The profile that `/userinfo-*` answers with, in camelCase as only these and `/search-user/` have it. */
export function profileOf(moment: Moment, id: string) {
  const user = userOf(moment, id);
  const stats = {
    followingCount: user.following,
    followerCount: user.followers,
    heartCount: user.hearts,
    videoCount: user.posts,
    diggCount: user.likes,
    heart: user.hearts,
  };
  const account = {
    id,
    uniqueId: user.handle,
    nickname: user.nickname,
    avatarThumb: imageUrl(moment, id, "cropcenter:100:100"),
    avatarMedium: imageUrl(moment, id, "cropcenter:720:720"),
    avatarLarger: imageUrl(moment, id, "cropcenter:1080:1080"),
    signature: user.bio,
    verified: user.verified,
    secUid: user.secUid,
    secret: false,
    ftc: false,
    relation: 0,
    openFavorite: user.openLikes,
    ...(user.link === null ? {} : { bioLink: { link: user.link, risk: 0 } }),
    commentSetting: 0,
    duetSetting: 0,
    stitchSetting: 0,
    privateAccount: false,
    isADVirtual: false,
  };
  // Clients read the counters in either place, so for some users they stand in both.
  return { user: user.statsTwice ? { ...account, stats } : account, stats };
}

/** A user as lists and comments carry it, in snake_case. */
export function listedUserOf(moment: Moment, id: string) {
  const user = userOf(moment, id);
  return {
    id,
    region: user.region,
    sec_uid: user.secUid,
    unique_id: user.handle,
    nickname: user.nickname,
    signature: user.bio,
    avatar: imageUrl(moment, id, "cropcenter:100:100"),
    verified: user.verified,
    secret: false,
    aweme_count: user.posts,
    follower_count: user.followers,
    following_count: user.following,
    favoriting_count: user.likes,
    total_favorited: user.hearts,
    ins_id: "",
    youtube_channel_title: "",
    youtube_channel_id: "",
    twitter_name: "",
    twitter_id: "",
  };
}

/** A user as posts carry it. */
export function authorOf(moment: Moment, id: string) {
  const { handle, nickname } = userOf(moment, id);
  return { id, unique_id: handle, nickname, avatar: imageUrl(moment, id, "cropcenter:300:300") };
}

/** When a user posts: the counter in the profile and the feed both follow from it. */
export function postingLine(moment: Moment, id: string): Line {
  const draws = drawsFor(moment, "posting", id);
  const size = id.startsWith(EMPTY_ID_PREFIX) ? 0 : draws.int(45, 160);
  return { key: `posts/${id}`, everySeconds: draws.int(8, 96) * 3600, size };
}

/** The id of somebody who exists for the sake of `key`: a follower, an author of a comment. */
export function inventUser(moment: Moment, ...key: readonly (string | number)[]): string {
  return moment.handles.idOf(inventHandle(drawsFor(moment, "somebody", ...key)));
}

export function userOf(moment: Moment, id: string) {
  const draws = drawsFor(moment, "user", id);
  const handle = moment.handles.nameOf(id);
  const posting = postingLine(moment, id);
  const followers = grown(moment, handle === "tiktok" ? 36_000_000 : draws.magnitude(800, 20_000_000));
  return {
    handle,
    nickname: handle === "tiktok" ? "TikTok" : inventNickname(draws),
    bio: inventBio(draws),
    region: draws.pick(HOME_REGIONS),
    secUid: `MS4wLjABAAAA${draws.token(64)}`,
    verified: handle === "tiktok" || followers > 5_000_000,
    openLikes: draws.oneIn(3),
    link: draws.oneIn(3) ? `linkin.example/${handle}` : null,
    statsTwice: draws.oneIn(2),
    followers,
    following: draws.int(1, 2_000),
    hearts: followers * draws.int(40, 90),
    likes: grown(moment, draws.magnitude(10, 40_000)),
    posts: posting.size && posting.size + Math.floor((moment.nowMs - EARLIEST_MS) / 1000 / posting.everySeconds),
  };
}
