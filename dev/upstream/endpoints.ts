import { endpoint, type Endpoint } from "./endpoint.ts";
import * as read from "./parameters.ts";
import { challengeOf, searchChallenges } from "./world/challenges.ts";
import { commentReplies, postComments } from "./world/comments.ts";
import { adsDetail, downloadMusic, downloadVideo } from "./world/downloads.ts";
import { challengePosts, musicPosts, searchVideos, userLiked, userPosts, userStories } from "./world/feeds.ts";
import { musicInfo } from "./world/music.ts";
import { followers, followings, searchUsers } from "./world/people.ts";
import * as lists from "./world/playlists.ts";
import { postDetail } from "./world/posts.ts";
import { regionList } from "./world/regions.ts";
import type { Cursor, Span } from "./world/timeline.ts";
import { profileOf } from "./world/users.ts";

const { offset, milliseconds } = read;
const user = { username: read.handle };
const userId = { userid: read.id };
const post = { url: read.post };
const music = { music_id: read.id };
const playlist = { playlist_id: read.id };
const collection = { collection_id: read.id };
const search = { keyword: read.keyword };

const tagged = { challenge_id: read.id, region: read.region };
const comment = { video_id: read.id, comment_id: read.id };
const people = { count: read.count(50, 200), time: read.seconds };

const publishedDays = new Map([0, 1, 7, 30, 90, 180].map((days) => [String(days), days]));
const orders = new Map([
  ["0", "relevance"],
  ["1", "likes"],
  ["2", "date"],
] as const);
const videoSearch = {
  ...search,
  region: read.region,
  publish_time: read.choice(publishedDays),
  sort_by: read.choice(orders),
};

/** By path: what is not found, the parameters (with the default of `count` and its cap), and what answers. */
const endpoints: ReadonlyMap<string, Endpoint> = new Map([
  ["/userid/", endpoint("user", user, (m, p) => ({ id: m.handles.idOf(p.username) }))],
  ["/userinfo-by-username/", endpoint("user", user, (m, p) => profileOf(m, m.handles.idOf(p.username)))],
  ["/userinfo-by-id/", endpoint("user", userId, (m, p) => profileOf(m, p.userid))],
  ["/user-posts/", endpoint("user", { ...userId, ...page(10, 35, milliseconds) }, (m, p) => userPosts(m, p.userid, p))],
  ["/user-liked/", endpoint("user", { ...userId, ...page(2, 35, milliseconds) }, (m, p) => userLiked(m, p.userid, p))],
  ["/user-stories/", endpoint("user", userId, (m, p) => userStories(m, p.userid))],
  ["/user-followers/", endpoint("user", { ...userId, ...people }, (m, p) => followers(m, p.userid, byTime(p)))],
  ["/user-following/", endpoint("user", { ...userId, ...people }, (m, p) => followings(m, p.userid, byTime(p)))],
  [
    "/user-playlists/",
    endpoint("user", { ...userId, ...page(10, 35, offset) }, (m, p) => lists.userPlaylists(m, p.userid, p)),
  ],
  [
    "/user-collections/",
    endpoint("user", { ...userId, ...page(10, 35, offset) }, (m, p) => lists.userCollections(m, p.userid, p)),
  ],
  ["/search-user/", endpoint("user", { ...search, ...page(10, 30, offset) }, (m, p) => searchUsers(m, p.keyword, p))],

  ["/post-detail/", endpoint("post", post, (m, p) => postDetail(m, p.url))],
  ["/post-comments/", endpoint("post", { ...post, ...page(10, 50, offset) }, (m, p) => postComments(m, p.url, p))],
  [
    "/post-comment-replies/",
    endpoint("comment", { ...comment, ...page(10, 50, offset) }, (m, p) => commentReplies(m, p, p)),
  ],
  ["/search-video/", endpoint("post", { ...videoSearch, ...page(10, 35, offset) }, (m, p) => searchVideos(m, p))],
  ["/download-video/", endpoint("post", post, (m, p) => downloadVideo(m, p.url))],
  ["/download-music/", endpoint("post", post, (m, p) => downloadMusic(m, p.url))],
  ["/ads-detail/", endpoint("post", post, (m, p) => adsDetail(m, p.url))],

  ["/music-info/", endpoint("music", music, (m, p) => musicInfo(m, p.music_id))],
  ["/music-posts/", endpoint("music", { ...music, ...page(10, 35, offset) }, (m, p) => musicPosts(m, p.music_id, p))],

  ["/challenge-info-id/", endpoint("challenge", { id: read.id }, (m, p) => challengeOf(m, p.id))],
  [
    "/challenge-info-name/",
    endpoint("challenge", { name: read.hashtag }, (m, p) => challengeOf(m, m.hashtags.idOf(p.name))),
  ],
  [
    "/challenge-posts/",
    endpoint("challenge", { ...tagged, ...page(10, 35, offset) }, (m, p) => challengePosts(m, p.challenge_id, p)),
  ],
  [
    "/search-challenge/",
    endpoint("challenge", { ...search, ...page(10, 30, offset) }, (m, p) => searchChallenges(m, p.keyword, p)),
  ],

  ["/playlist-info/", endpoint("playlist", playlist, (m, p) => lists.playlistInfo(m, p.playlist_id))],
  [
    "/playlist-posts/",
    endpoint("playlist", { ...playlist, ...page(10, 30, milliseconds) }, (m, p) =>
      lists.playlistPosts(m, p.playlist_id, p),
    ),
  ],
  ["/collection-info/", endpoint("collection", collection, (m, p) => lists.collectionInfo(m, p.collection_id))],
  [
    "/collection-posts/",
    endpoint("collection", { ...collection, ...page(10, 30, offset) }, (m, p) =>
      lists.collectionPosts(m, p.collection_id, p),
    ),
  ],

  ["/region-list/", endpoint("region", {}, () => regionList())],
]);

/** Every path that the upstream answers on. */
export const upstreamPaths: readonly string[] = [...endpoints.keys()];

/** The endpoint at exactly this path; without its trailing slash there is none. */
export function findEndpoint(path: string): Endpoint | undefined {
  return endpoints.get(path);
}

function page(absent: number, cap: number, cursor: read.Reader<Cursor>) {
  return { count: read.count(absent, cap), cursor };
}

/** Followers page by `time` where everything else pages by `cursor`. */
function byTime({ time, count }: { readonly time: Cursor; readonly count: number }): Span {
  return { cursor: time, count };
}
