import { canonicalValue } from "./canonical.ts";
import type { Call, ParameterKind } from "./catalogue.ts";

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

/** The forms of a subject's text, and how what follows is read. Of those that fit, the first counts. */
const FORMS: readonly (readonly [start: RegExp, kind: ParameterKind])[] = [
  [/^user:(?=@)/, "handle"],
  [/^challenge:(?=#)/, "hashtag"],
  [/^(?:user|challenge|music|video|playlist|collection):/, "numeric-id"],
];

/** A subject as `subjectsOf` would name it, from a text such as `user:@TikTok`; nothing for a text that names none. */
export function subjectIn(text: string): string | undefined {
  const [start, kind] = FORMS.find(([form]) => form.test(text)) ?? [];
  if (start === undefined || kind === undefined) return undefined;
  const read = canonicalValue({ name: "subject", kind, required: true }, text.replace(start, ""));
  if (read.kind !== "value") return undefined;
  const mark = kind === "handle" ? "@" : kind === "hashtag" ? "#" : "";
  return `${text.slice(0, text.indexOf(":"))}:${mark}${read.value}`;
}
