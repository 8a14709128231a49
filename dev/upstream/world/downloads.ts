import { drawsFor, type Moment } from "./moment.ts";
import { musicOf } from "./music.ts";
import { clipOf, countersOf, createdSeconds, musicIdOf } from "./posts.ts";
import { authorOf, inventUser } from "./users.ts";

/** `/download-video/`. A clip that is not to be had is answered with the keys and nothing in them: photo posts, keys without the tier. */
export function downloadVideo(moment: Moment, postId: string) {
  const { play, hdplay } = clipOf(moment, postId);
  return moment.clips ? { video: play, video_hd: hdplay } : { video: "", video_hd: "" };
}

/** `/download-music/` */
export function downloadMusic(moment: Moment, postId: string) {
  return { music: moment.clips ? musicOf(moment, musicIdOf(moment, postId)).play : "" };
}

/** `/ads-detail/`. What the upstream answers here is not known; this is a plausible flat object. */
export function adsDetail(moment: Moment, postId: string) {
  const draws = drawsFor(moment, "ad", postId);
  const { play_count, digg_count } = countersOf(moment, postId);
  return {
    id: postId,
    ad_title: "Try it free / 14 days",
    brand_name: authorOf(moment, inventUser(moment, "brand", postId)).nickname,
    objective: draws.pick(["traffic", "conversions", "reach"]),
    landing_page: `https://shop.example/${draws.token(8)}`,
    play_count,
    digg_count,
    create_time: createdSeconds(postId),
  };
}
