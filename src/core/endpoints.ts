import type { Endpoint, Parameter, WindowClass } from "./catalogue.ts";

const handle: Parameter = { name: "username", kind: "handle", required: true };
const keyword: Parameter = { name: "keyword", kind: "text", required: true };
const hashtag: Parameter = { name: "name", kind: "hashtag", required: true };
const post: Parameter = { name: "url", kind: "post-url", required: true };
const count: Parameter = { name: "count", kind: "count", required: false };
const cursor: Parameter = { name: "cursor", kind: "cursor", required: false };
const time: Parameter = { name: "time", kind: "unix-time", required: false };
const region: Parameter = { name: "region", kind: "region", required: false };
const sortBy: Parameter = { name: "sort_by", kind: "choice", required: false, choices: ["0", "1", "2"] };
const publishTime: Parameter = {
  name: "publish_time",
  kind: "choice",
  required: false,
  choices: ["0", "1", "7", "30", "90", "180"],
};
/** An ad's URL is not known to be a post's (it may be one of the ad library), so it is not reduced to a post's id. */
const ad: Parameter = { name: "url", kind: "url", required: true };

const id = (name: string): Parameter => ({ name, kind: "numeric-id", required: true });
const page = [count, cursor];

const profile = ["user", "stats"];
const challenge = ["cha_name", "user_count", "view_count"];

/**
 * Bodies without media URLs: covers and avatars are in all of them and are the same for every key. Nothing is known of their shape until
 * `list` or `keyed` says so.
 */
const plain = (path: Endpoint["path"], windows: WindowClass, parameters: readonly Parameter[]): Endpoint => ({
  path,
  windows,
  parameters,
  credits: 1,
  carriesMediaUrls: false,
  answerKeys: [],
});

const list = (itemsKey: string, endpoint: Endpoint): Endpoint => ({ ...endpoint, itemsKey, answerKeys: [itemsKey] });

/** A list whose key is a guess: an answer without it is an answer all the same, and costs a longer window for nothing when it is empty. */
const guessedList = (itemsKey: string, endpoint: Endpoint): Endpoint => ({ ...endpoint, itemsKey });

/** Names that frameworks give to parts of an error (`name`, `title`, `type`, `code`, mostly `id`) tell no answer from one. */
const keyed = (answerKeys: readonly string[], endpoint: Endpoint): Endpoint => ({ ...endpoint, answerKeys });

/**
 * Bodies with `play`, `wmplay`, `hdplay` or download links. What a key's tier takes away is known for `post-detail` only (`play`,
 * `wmplay`, `hdplay`); any other body that has one of these fields counts too, `music-info` with its `play` and `ads-detail`, whose
 * fields nobody knows, among them: too many here cost a second fetch, too few hand one tier's links, or their absence, to another.
 */
const media = (endpoint: Endpoint): Endpoint => ({ ...endpoint, carriesMediaUrls: true });

const videos = (path: Endpoint["path"], windows: WindowClass, parameters: readonly Parameter[]): Endpoint =>
  media(list("videos", plain(path, windows, parameters)));

/** The upstream's endpoints. */
export const endpoints: readonly Endpoint[] = [
  keyed(["id"], plain("/userid/", "userid", [handle])),
  keyed(profile, plain("/userinfo-by-username/", "userinfo", [handle])),
  keyed(profile, plain("/userinfo-by-id/", "userinfo", [id("userid")])),
  videos("/user-posts/", "feed", [id("userid"), ...page]),
  list("followers", plain("/user-followers/", "feed", [id("userid"), count, time])),
  list("followings", plain("/user-following/", "feed", [id("userid"), count, time])),
  list("user_list", plain("/search-user/", "slow-feed", [keyword, ...page])),
  guessedList("collection_list", plain("/user-collections/", "slow-feed", [id("userid"), ...page])),
  videos("/user-liked/", "feed", [id("userid"), ...page]),
  guessedList("playlist_list", plain("/user-playlists/", "slow-feed", [id("userid"), ...page])),
  videos("/user-stories/", "user-stories", [id("userid")]),
  media(keyed(["id", "play_count"], plain("/post-detail/", "post-detail", [post]))),
  list("comments", plain("/post-comments/", "post-comments", [post, ...page])),
  list(
    "comments",
    plain("/post-comment-replies/", "post-comment-replies", [id("video_id"), id("comment_id"), ...page]),
  ),
  videos("/music-posts/", "slow-feed", [id("music_id"), ...page]),
  videos("/challenge-posts/", "feed", [id("challenge_id"), ...page, region]),
  videos("/playlist-posts/", "slow-feed", [id("playlist_id"), ...page]),
  videos("/collection-posts/", "slow-feed", [id("collection_id"), ...page]),
  videos("/search-video/", "search-video", [keyword, ...page, publishTime, sortBy, region]),
  media(keyed(["play", "author", "duration", "video_count"], plain("/music-info/", "music-info", [id("music_id")]))),
  keyed(challenge, plain("/challenge-info-id/", "challenge-info", [id("id")])),
  keyed(challenge, plain("/challenge-info-name/", "challenge-info", [hashtag])),
  list("challenge_list", plain("/search-challenge/", "slow-feed", [keyword, ...page])),
  keyed(["creator_unique_id", "video_count"], plain("/playlist-info/", "playlist-info", [id("playlist_id")])),
  keyed(
    ["creator_username", "creator_user_id", "video_count"],
    plain("/collection-info/", "collection-info", [id("collection_id")]),
  ),
  media(keyed(["video", "video_hd"], plain("/download-video/", "download", [post]))),
  media(plain("/download-music/", "download", [post])),
  plain("/region-list/", "region-list", []),
  media(plain("/ads-detail/", "ads-detail", [ad])),
];
