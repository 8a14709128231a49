import type { Endpoint } from "../../src/core/catalogue.ts";
import type { Json } from "./components.ts";

/** The upstream sends an explicit null where anything else is expected. */
const one = (type: string): Json => ({ type: [type, "null"] });
const each = (type: string, names: string): Json =>
  Object.fromEntries(names.split(" ").map((name) => [name, one(type)]));
const object = (...properties: Json[]): Json => ({
  type: ["object", "null"],
  properties: Object.assign({}, ...properties),
});
const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
const listOf = (items: Json): Json => ({ type: ["array", "null"], items });

const counters = each("integer", "followerCount followingCount heartCount videoCount diggCount");
const links = each("string", "play wmplay hdplay");

/**
 * What is known of the things in the upstream's bodies. Nothing in them is required, and there may be more: bodies are passed on byte for
 * byte, whatever is in them. Ids are decimal strings of up to 19 digits, and counters exceed 32 bits.
 */
export const answerSchemas: Readonly<Record<string, Json>> = {
  Profile: object(
    each("string", "id uniqueId nickname avatarThumb avatarMedium avatarLarger signature secUid"),
    each("boolean", "verified secret privateAccount"),
  ),
  ProfileStats: object(counters),
  Account: object(
    each("string", "id unique_id nickname avatar signature region sec_uid"),
    each("integer", "aweme_count follower_count following_count favoriting_count total_favorited"),
  ),
  Video: object(
    each("string", "video_id id region title cover music"),
    each("integer", "duration create_time play_count digg_count comment_count share_count"),
    links,
    { author: { type: ["object", "null"] }, music_info: { type: ["object", "null"] } },
  ),
  Comment: object(each("string", "id video_id text"), each("integer", "create_time digg_count reply_total"), {
    user: ref("Account"),
  }),
  Hashtag: object(each("string", "id cha_name desc cover"), each("integer", "user_count view_count")),
  UpstreamError: {
    type: "object",
    description: "What the upstream says instead of an answer, mostly with status 200.",
    properties: { status: { const: "error" }, message: { type: "string" } },
    required: ["message"],
  },
};

/** What stands in a list, by its key. */
const items: Readonly<Record<string, Json>> = {
  videos: ref("Video"),
  followers: ref("Account"),
  followings: ref("Account"),
  comments: ref("Comment"),
  challenge_list: ref("Hashtag"),
  user_list: object({ user: ref("Profile"), stats: ref("ProfileStats") }),
};

/** Answers that are one thing, by what the upstream calls them; a thing that is known as a whole stands for its fields. */
const whole: Readonly<Record<Endpoint["path"], Json>> = {
  "/userid/": object(each("string", "id")),
  "/userinfo-by-username/": object({ user: ref("Profile"), stats: ref("ProfileStats") }),
  "/userinfo-by-id/": object({ user: ref("Profile"), stats: ref("ProfileStats") }),
  "/post-detail/": ref("Video"),
  "/challenge-info-id/": ref("Hashtag"),
  "/challenge-info-name/": ref("Hashtag"),
  "/music-info/": object(each("string", "id title author cover play album"), each("integer", "duration video_count")),
  "/playlist-info/": object(each("string", "id name creator_unique_id"), each("integer", "video_count")),
  "/collection-info/": object(
    each("string", "id name creator_username creator_user_id"),
    each("integer", "video_count"),
  ),
  "/download-video/": object(each("string", "video video_hd")),
  "/region-list/": { type: "object", additionalProperties: { type: ["string", "null"] } },
};

/** What an answer of the endpoint looks like, or the error that may come in its place with the same status. */
export function answerSchema(endpoint: Endpoint): Json {
  const known = endpoint.itemsKey === undefined ? (whole[endpoint.path] ?? {}) : pageOf(endpoint, endpoint.itemsKey);
  const told =
    endpoint.answerKeys.length === 0 ? [] : [{ anyOf: endpoint.answerKeys.map((key) => ({ required: [key] })) }];
  return { anyOf: [{ allOf: [{ type: "object" }, known, ...told] }, ref("UpstreamError")] };
}

/** Followers and following page by time, all other lists by a cursor, whose type varies. */
function pageOf({ parameters }: Endpoint, itemsKey: string): Json {
  const next = parameters.some(({ name }) => name === "time")
    ? each("integer", "time total")
    : { cursor: { type: ["string", "integer", "null"] } };
  return object({ [itemsKey]: listOf(items[itemsKey] ?? {}), hasMore: one("boolean") }, next);
}
