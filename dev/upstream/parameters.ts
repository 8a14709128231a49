import { MISSING_ID_PREFIX, MISSING_NAME_PREFIX } from "./markers.ts";
import { postIdOf } from "./post-url.ts";
import type { Cursor } from "./world/timeline.ts";

/** What a parameter's text comes to; `missing`: there is no such thing. */
export type Read<T> =
  | { readonly kind: "value"; readonly value: T }
  | { readonly kind: "missing" }
  | { readonly kind: "invalid" };

/** Reads one parameter. An absent one arrives as the empty text: the upstream does not tell them apart. */
export type Reader<T> = (text: string) => Read<T>;

const INVALID = { kind: "invalid" } as const;
const MISSING = { kind: "missing" } as const;
const value = <T>(it: T): Read<T> => ({ kind: "value", value: it });

export const handle: Reader<string> = (text) => {
  if (!/^[A-Za-z0-9._]{1,64}$/.test(text)) return INVALID;
  return text.toLowerCase().startsWith(MISSING_NAME_PREFIX) ? MISSING : value(text);
};

export const id: Reader<string> = (text) => {
  if (!/^\d{1,19}$/.test(text)) return INVALID;
  return text.startsWith(MISSING_ID_PREFIX) ? MISSING : value(text);
};

export const hashtag: Reader<string> = (text) => {
  if (text === "" || text.length > 100) return INVALID;
  return text.toLowerCase().startsWith(MISSING_NAME_PREFIX) ? MISSING : value(text);
};

/** The id of the post that a URL leads to. */
export const post: Reader<string> = (text) => {
  const postId = postIdOf(text);
  if (postId === undefined) return INVALID;
  return postId.startsWith(MISSING_ID_PREFIX) ? MISSING : value(postId);
};

export const keyword: Reader<string> = (text) => (text.trim() === "" || text.length > 500 ? INVALID : value(text));

/** ISO 3166 code; nothing for everywhere. */
export const region: Reader<string> = (text) => (/^([A-Za-z]{2})?$/.test(text) ? value(text.toUpperCase()) : INVALID);

/** A cap is kept silently. */
export function count(absent: number, cap: number): Reader<number> {
  return (text) => {
    if (text === "") return value(absent);
    return /^0*[1-9]\d*$/.test(text) ? value(Math.min(cap, Number(text))) : INVALID;
  };
}

/** A cursor that counts items. */
export const offset = cursor((skip) => ({ skip }));

/** A cursor in Unix milliseconds; zero begins at the newest. */
export const milliseconds = cursor((at) => (at === 0 ? { skip: 0 } : { beforeSeconds: at / 1000 }));

/** The `time` of followers, Unix seconds; zero begins at the newest. */
export const seconds = cursor((at) => (at === 0 ? { skip: 0 } : { beforeSeconds: at }));

/** A word of the upstream's for one of ours; absent means `0`. */
export function choice<T>(meanings: ReadonlyMap<string, T>): Reader<T> {
  return (text) => {
    const meaning = meanings.get(text === "" ? "0" : text);
    return meaning === undefined ? INVALID : value(meaning);
  };
}

function cursor(beginning: (number: number) => Cursor): Reader<Cursor> {
  return (text) => (/^\d{0,15}$/.test(text) ? value(beginning(Number(text))) : INVALID);
}
