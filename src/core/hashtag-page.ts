import * as v from "valibot";
import { hashtagName } from "./hashtag-name.ts";
import { shownText } from "./shown-text.ts";

/** What is known of a hashtag. Texts are one line and bounded; what the upstream did not say is null, or empty text. */
export type HashtagInfo = {
  readonly id: string | null;
  readonly description: string;
  readonly users: number | null;
  readonly views: number | null;
  readonly cover: string;
};

export type HashtagPost = {
  readonly id: string;
  readonly isPhoto: boolean;
  readonly caption: string;
  /** Empty where it is no handle. */
  readonly handle: string;
  readonly nickname: string;
  /** Unix milliseconds. */
  readonly madeAtMs: number | null;
  readonly plays: number | null;
  readonly likes: number | null;
  readonly comments: number | null;
  readonly shares: number | null;
  readonly cover: string;
};

export type RelatedHashtag = {
  /** In the one spelling that has a page. */
  readonly name: string;
  readonly users: number | null;
  readonly views: number | null;
};

const CAPTION_LENGTH = 160;
const NICKNAME_LENGTH = 60;
const DESCRIPTION_LENGTH = 300;

/** The upstream leaves things out, sends null where a text is expected, and numbers as text: none of it is worth a page. */
const lenient = <const Schema extends v.GenericSchema>(schema: Schema) => v.fallback(v.nullable(schema), null);
const text = (most: number) =>
  v.fallback(
    v.pipe(
      v.string(),
      v.transform((given) => shownText(given, most)),
    ),
    "",
  );
const Digits = v.pipe(v.string(), v.regex(/^\d{1,16}$/), v.transform(Number));
const Count = lenient(v.pipe(v.union([v.number(), Digits]), v.safeInteger(), v.minValue(0)));
const Id = v.pipe(v.string(), v.regex(/^[1-9]\d{0,19}$/));
const Url = v.fallback(v.string(), "");
const Handle = v.fallback(v.pipe(v.string(), v.regex(/^[A-Za-z0-9._]{1,64}$/)), "");

const Info = v.object({
  id: lenient(Id),
  desc: text(DESCRIPTION_LENGTH),
  user_count: Count,
  view_count: Count,
  cover: Url,
});

const Post = v.object({
  video_id: Id,
  title: text(CAPTION_LENGTH),
  cover: Url,
  author: v.fallback(v.object({ unique_id: Handle, nickname: text(NICKNAME_LENGTH) }), { unique_id: "", nickname: "" }),
  create_time: Count,
  play_count: Count,
  digg_count: Count,
  comment_count: Count,
  share_count: Count,
  images: v.fallback(v.array(v.unknown()), []),
});

const Related = v.object({ cha_name: v.string(), user_count: Count, view_count: Count });

/** Of the body of `/challenge-info-name/`; nothing when it is no object. */
export function readInfo(body: string): HashtagInfo | undefined {
  const read = v.safeParse(Info, parsed(body));
  if (!read.success) return undefined;
  const { id, desc: description, user_count: users, view_count: views, cover } = read.output;
  return { id, description, users, views, cover };
}

/** Of the body of `/challenge-posts/`, each once: what is no post is left out. */
export function readPosts(body: string): readonly HashtagPost[] {
  const posts = itemsOf(body, "videos").flatMap((item) => {
    const read = v.safeParse(Post, item);
    return read.success ? [postOf(read.output)] : [];
  });
  return [...new Map(posts.map((post) => [post.id, post])).values()];
}

/** Of the body of `/search-challenge/`, each once and without the hashtag itself: what could have no page is left out. */
export function readRelated(body: string, own: string): readonly RelatedHashtag[] {
  const related = new Map<string, RelatedHashtag>();
  for (const item of itemsOf(body, "challenge_list")) {
    const read = v.safeParse(Related, item);
    const name = read.success ? hashtagName(read.output.cha_name) : undefined;
    if (!read.success || name === undefined || name === own || related.has(name)) continue;
    related.set(name, { name, users: read.output.user_count, views: read.output.view_count });
  }
  return [...related.values()];
}

export function newest(posts: readonly HashtagPost[], most: number): readonly HashtagPost[] {
  return posts.toSorted((one, other) => (other.madeAtMs ?? 0) - (one.madeAtMs ?? 0)).slice(0, most);
}

export function mostPlayed(posts: readonly HashtagPost[], most: number): readonly HashtagPost[] {
  return posts.toSorted((one, other) => (other.plays ?? 0) - (one.plays ?? 0)).slice(0, most);
}

function postOf(post: v.InferOutput<typeof Post>): HashtagPost {
  return {
    id: post.video_id,
    isPhoto: post.images.length > 0,
    caption: post.title,
    handle: post.author.unique_id,
    nickname: post.author.nickname,
    madeAtMs: timeOf(post.create_time),
    plays: post.play_count,
    likes: post.digg_count,
    comments: post.comment_count,
    shares: post.share_count,
    cover: post.cover,
  };
}

/** Milliseconds of seconds, of a time that a calendar of ours has. */
function timeOf(seconds: number | null): number | null {
  return seconds === null || seconds === 0 || seconds > 32_503_680_000 ? null : seconds * 1_000;
}

function itemsOf(body: string, key: string): readonly unknown[] {
  const read = v.safeParse(v.object({ [key]: v.array(v.unknown()) }), parsed(body));
  return read.success ? (read.output[key] ?? []) : [];
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
