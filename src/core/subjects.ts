import type { Call } from "./catalogue.ts";

/** What a parameter names, for purging by subject. Handles and hashtag names have a form of their own, beside the ids. */
const SUBJECT_OF: Readonly<Record<string, (value: string) => string>> = {
  userid: (id) => `user:${id}`,
  username: (handle) => `user:@${handle}`,
  challenge_id: (id) => `challenge:${id}`,
  id: (id) => `challenge:${id}`,
  name: (name) => `challenge:#${name}`,
  music_id: (id) => `music:${id}`,
  video_id: (id) => `video:${id}`,
  playlist_id: (id) => `playlist:${id}`,
  collection_id: (id) => `collection:${id}`,
};

const POST_URL = /\/video\/(\d+)$/;

/** The subjects of a call: those that it asks about, not everyone listed in its answer. */
export function subjectsOf({ params }: Call): readonly string[] {
  return params.flatMap(([name, value]) => {
    const video = name === "url" ? POST_URL.exec(value)?.[1] : undefined;
    if (video !== undefined) return [`video:${video}`];
    const subject = SUBJECT_OF[name];
    return subject === undefined ? [] : [subject(value)];
  });
}
