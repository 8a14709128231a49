import { EARLIEST_MS, LATEST_MS } from "../clock.ts";
import { hash32 } from "./draws.ts";
import { clipUrl, imageUrl } from "./media.ts";
import { drawsFor, nowSeconds, type Moment, type Origin } from "./moment.ts";
import { musicOf } from "./music.ts";
import { HOME_REGIONS } from "./regions.ts";
import { inventTitle } from "./text.ts";
import { authorOf, inventUser } from "./users.ts";

/** The id of something made at a time: the upper half of the number is the second, as in TikTok's own ids. */
export function timedId(atSeconds: number, key: string): string {
  return ((BigInt(atSeconds) << 32n) | BigInt(hash32(key))).toString();
}

/** The second a post was made in: in its id if that carries a time, else some time in the emulator's first two years. */
export function createdSeconds(postId: string): number {
  const seconds = Number(BigInt(postId) >> 32n);
  if (seconds > 1_388_534_400 && seconds < LATEST_MS / 1000) return seconds;
  return EARLIEST_MS / 1000 + (hash32(postId) % (2 * 365 * 86_400));
}

/** A post as lists carry it: under `video_id`. */
export function listedPost(moment: Moment, id: string, origin: Origin) {
  moment.origins.set(id, origin);
  const { clip, ...post } = postOf(moment, id);
  return { video_id: id, ...post, play: clip.play, wmplay: clip.wmplay, content_desc: [post.title ?? ""], is_top: 0 };
}

/** The answer of `/post-detail/`: under `id`, with the high definition clip; without clips for keys that may not download. */
export function postDetail(moment: Moment, id: string) {
  const { clip, ...post } = postOf(moment, id);
  const links = moment.clips ? clip : { play: "", wmplay: "", hdplay: "" };
  return { id, ...post, ...links, hd_size: links.hdplay === "" ? 0 : Math.floor(post.size * 1.8) };
}

/** Links to a post's clip; all empty for photo posts. */
export function clipOf(moment: Moment, id: string) {
  if (isPhotoPost(moment, id)) return { play: "", wmplay: "", hdplay: "" };
  const link = (style: "play" | "wmplay" | "hdplay") => clipUrl(moment, id, style);
  return { play: link("play"), wmplay: link("wmplay"), hdplay: link("hdplay") };
}

/** The sound of a post. */
export function musicIdOf(moment: Moment, id: string): string {
  return moment.origins.get(id)?.musicId ?? `7${drawsFor(moment, "post-music", id).digits(18)}`;
}

/** What a post counts. Plays come fast at first and never stop; the rest is a share of them. */
export function countersOf(moment: Moment, id: string) {
  const draws = drawsFor(moment, "post-counters", id);
  const hours = Math.max(0, nowSeconds(moment) - createdSeconds(id)) / 3600;
  const plays = Math.floor(draws.magnitude(2_000, 4_000_000_000) * (hours / (hours + 72)) + hours * 2);
  const share = (least: number, most: number) => Math.floor((plays * draws.int(least, most)) / 10_000);
  return {
    play_count: plays,
    digg_count: share(300, 1_500),
    comment_count: share(5, 60),
    share_count: share(5, 200),
    download_count: share(1, 80),
    collect_count: share(10, 300),
  };
}

function isPhotoPost(moment: Moment, id: string): boolean {
  return drawsFor(moment, "photo", id).oneIn(8);
}

function postOf(moment: Moment, id: string) {
  const draws = drawsFor(moment, "post", id);
  const origin = moment.origins.get(id);
  const photo = isPhotoPost(moment, id);
  const music = musicOf(moment, musicIdOf(moment, id));
  const size = photo ? 0 : draws.int(600_000, 24_000_000);
  return {
    aweme_id: photo ? "" : `v15044gf0000${draws.token(20).toLowerCase()}`,
    region: origin?.region ?? draws.pick(HOME_REGIONS),
    title: inventTitle(draws),
    cover: imageUrl(moment, id, "resize:720:960"),
    ai_dynamic_cover: imageUrl(moment, id, "dynamic:480:640"),
    origin_cover: imageUrl(moment, id, "origin:360:360"),
    duration: photo ? 0 : draws.int(5, 600),
    clip: clipOf(moment, id),
    size,
    wm_size: Math.floor(size * 1.1),
    music: music.play,
    music_info: music,
    ...countersOf(moment, id),
    create_time: createdSeconds(id),
    author: authorOf(moment, origin?.authorId ?? inventUser(moment, "author", id)),
    is_ad: false,
    commerce_info: { adv_promotable: false, auction_ad_invited: false, branded_content_type: 0 },
    commercial_video_info: "",
    item_comment_settings: 0,
    mentioned_users: "",
    anchors: null,
    anchors_extras: "",
    ...(photo ? { images: photos(moment, id, draws.int(2, 9)) } : {}),
  };
}

function photos(moment: Moment, id: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => imageUrl(moment, `${id}-${at}`, "photomode:1080:1440"));
}
