import type { Call } from "../../core/catalogue.ts";
import type { Entry } from "../../core/entry.ts";
import { hashtagPath } from "../../core/hashtag-name.ts";
import {
  readInfo,
  readPosts,
  readRelated,
  type HashtagInfo,
  type HashtagPost,
  type RelatedHashtag,
} from "../../core/hashtag-page.ts";
import type { HashtagDay } from "../../core/hashtag-history.ts";
import { Problem, problems } from "../../core/problem.ts";
import { asking } from "../../core/twins.ts";
import { askPublicly, shownOf, type AskPubliclyPorts, type Visit } from "../ask-publicly.ts";
import { trendOf, type TrendPorts } from "./trend-of.ts";

export type LoadPorts = AskPubliclyPorts & TrendPorts;

/** What a page is made of. */
export type LoadedHashtag = {
  readonly name: string;
  readonly path: string;
  readonly info: HashtagInfo;
  readonly posts: readonly HashtagPost[];
  readonly related: readonly RelatedHashtag[];
  readonly trend: readonly HashtagDay[];
  /** When the first of its parts is past its time, Unix milliseconds. */
  readonly freshUntilMs: number;
};

/** For how long a page may be kept that lacks what was not at hand. */
const LACKING_MS = 60_000;

/**
 * Asks for everything on a hashtag's page, by its name in the one spelling; nothing when there is no such hashtag. Throws the problem that says
 * when to come again if the hashtag itself or its posts are not to be had; without related ones or a trend it is a page all the same.
 */
export const loadHashtag = (ports: LoadPorts) => {
  const ask = askPublicly(ports);
  const trend = trendOf(ports);
  return async function loadHashtag(name: string, visit: Visit): Promise<LoadedHashtag | undefined> {
    const get = async (call: Call) => shownOf(await ask(call, visit));
    const found = await get(callTo("/challenge-info-name/", name));
    const info = found.kind === "answer" ? readInfo(found.body) : undefined;
    if (found.kind === "negative") return undefined;
    if (info === undefined) throw problems.publicNotReady();
    trend.note(found, { ...info, name }, visit.background);
    const [posts, related, days] = await Promise.all([
      info.id === null ? undefined : get(callTo("/challenge-posts/", info.id)),
      unlessRefused(get(callTo("/search-challenge/", name))),
      trend.of(info.id),
    ]);
    const lacksUntilMs = related === undefined ? [ports.clock() + LACKING_MS] : [];
    return {
      name,
      path: hashtagPath(name),
      info,
      posts: posts === undefined ? [] : readPosts(posts.body),
      related: related === undefined ? [] : readRelated(related.body, name),
      trend: days,
      freshUntilMs: Math.min(...[found, posts, related].flatMap(freshUntilMs), ...lacksUntilMs),
    };
  };
};

/** What anybody may ask. */
function callTo(path: "/challenge-info-name/" | "/challenge-posts/" | "/search-challenge/", value: string): Call {
  const call = asking(path, value);
  if (call === undefined) throw new Error(`${path} cannot be asked for this`);
  return call;
}

async function unlessRefused<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

function freshUntilMs(entry: Entry | undefined): readonly number[] {
  return entry === undefined ? [] : [entry.fetchedAtMs + entry.freshMs];
}
