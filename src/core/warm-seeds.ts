import * as v from "valibot";
import type { Call } from "./catalogue.ts";
import { asking } from "./twins.ts";

const Challenges = v.object({ challenge_list: v.array(v.unknown()) });
const Challenge = v.object({ id: v.string(), cha_name: v.string() });

/** The search that a keyword is the seed of; nothing for what nobody could search. */
export function searchOf(keyword: string): Call | undefined {
  return asking("/search-challenge/", keyword);
}

/** Of the first challenges that a search found: what they are, and the first page of their posts. */
export function callsFound(body: string, most: number): readonly Call[] {
  const read = v.safeParse(Challenges, parsed(body));
  if (!read.success) return [];
  return read.output.challenge_list.slice(0, most).flatMap((item) => {
    const challenge = v.safeParse(Challenge, item);
    if (!challenge.success) return [];
    const { id, cha_name: name } = challenge.output;
    return [asking("/challenge-info-name/", name), asking("/challenge-posts/", id)].filter(
      (call) => call !== undefined,
    );
  });
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
