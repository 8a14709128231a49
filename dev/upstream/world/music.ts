import { imageUrl, soundUrl } from "./media.ts";
import { drawsFor, grown, type Moment } from "./moment.ts";
import { inventNickname, inventSound } from "./text.ts";

/** A sound as posts carry it. The one or the other has no file and no author. */
export function musicOf(moment: Moment, id: string) {
  const draws = drawsFor(moment, "music", id);
  const bare = draws.oneIn(12);
  return {
    id,
    title: inventSound(draws),
    play: bare ? "" : soundUrl(moment, id),
    cover: imageUrl(moment, `music-${id}`, "cropcenter:720:720"),
    author: bare ? "" : inventNickname(draws),
    original: draws.oneIn(2),
    duration: draws.int(6, 240),
    album: draws.oneIn(2) ? "" : inventSound(draws),
  };
}

/** The answer of `/music-info/`. */
export function musicInfo(moment: Moment, id: string) {
  const uses = drawsFor(moment, "music-uses", id).magnitude(100, 9_000_000);
  return { ...musicOf(moment, id), video_count: grown(moment, uses) };
}
