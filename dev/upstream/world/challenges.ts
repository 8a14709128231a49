import { EMPTY_NAME_PREFIX, MISSING_NAME_PREFIX } from "../markers.ts";
import { imageUrl } from "./media.ts";
import { drawsFor, grown, type Moment } from "./moment.ts";
import { nextOffset, sliceOfList, type Span } from "./timeline.ts";

/** `/challenge-info-id/` and `/challenge-info-name/`: one record, its name under `cha_name`. */
export function challengeOf(moment: Moment, id: string) {
  const draws = drawsFor(moment, "challenge", id);
  const views = grown(moment, draws.magnitude(1_000_000, 2_000_000_000_000));
  return {
    id,
    cha_name: moment.hashtags.nameOf(id),
    desc: draws.oneIn(2) ? "" : "Show us yours! Use this tag / tag a friend 🎉",
    user_count: Math.floor(views / draws.int(800, 4_000)),
    view_count: views,
    is_pgcshow: false,
    is_commerce: draws.oneIn(10),
    is_challenge: true,
    is_strong_music: false,
    type: 1,
    cover: draws.oneIn(3) ? "" : imageUrl(moment, `challenge-${id}`, "cropcenter:300:300"),
  };
}

const ENDINGS = ["", "challenge", "tok", "2026", "vibes", "life", "tips", "art", "check", "dance", "food", "daily"];

/** `/search-challenge/`: the keyword as a hashtag, then hashtags that begin with it. */
export function searchChallenges(moment: Moment, keyword: string, span: Span) {
  const tag = keyword.toLowerCase().replaceAll(/[\s#]/g, "");
  const barren = tag.startsWith(EMPTY_NAME_PREFIX) || tag.startsWith(MISSING_NAME_PREFIX);
  const tags = barren ? [] : ENDINGS.map((ending) => tag + ending);
  const { items, hasMore } = sliceOfList(tags, span);
  const challenges = items.map((name) => challengeOf(moment, moment.hashtags.idOf(name)));
  return { challenge_list: challenges, cursor: nextOffset(span, items.length), hasMore };
}
