import { seededRandom } from "../../test/support/seeded-random.ts";
import type { Kind } from "./calls.ts";
import type { Options } from "./options.ts";

export const DAY_MS = 86_400_000;

/** The caching guide's dashboard: so many daily users, each of whom looks at so many profiles. */
const USERS = 5_000;
const VIEWS_EACH = 8;

/** By how much the busiest hour is above the mean, and the quietest below. */
const SWING = 0.8;

/** A page needs the user's id before it can ask for what is asked by it, milliseconds. */
const ID_FIRST_MS = 1_000;

/** One request of the day, and where it arrives. */
export type Asked = {
  readonly atMs: number;
  readonly kind: Kind;
  readonly profile: number;
  readonly isolate: number;
};

/** A day's requests in order. What each is stands in arrays, for a day at 50 times the traffic has millions. */
export type Trace = { readonly requests: number; [Symbol.iterator](): Iterator<Asked> };

export type TraceOptions = Pick<
  Options,
  "profiles" | "zipf" | "scale" | "isolates" | "colos" | "seed" | "view" | "byId"
>;

/** The times are sorted as one number with the request's own, below it. */
const NUMBERS = 2 ** 24;

/**
 * The guide's day: more by day than by night, some profiles looked at more than others. A user is near one colo, and a colo gives each request
 * to any of its isolates. The same options make the same day.
 */
export function traceOf(options: TraceOptions): Trace {
  const { scale, view, byId, colos, isolates } = options;
  const random = seededRandom(options.seed);
  const pick = zipfPicker(options, random);
  const views = Math.round(USERS * scale) * VIEWS_EACH;
  const requests = views * view;
  if (requests > NUMBERS) throw new Error("That is more requests than the simulation can number.");
  const profiles = new Uint32Array(views);
  const areById = new Uint8Array(views);
  const places = new Uint16Array(requests);
  const order = new Float64Array(requests);
  for (let number = 0; number < views; number += 1) {
    profiles[number] = pick();
    areById[number] = view === 3 && random() < byId ? 1 : 0;
    const atMs = timeOfDay(random);
    const colo = Math.floor(number / VIEWS_EACH) % colos;
    for (let call = 0; call < view; call += 1) {
      const request = number * view + call;
      const laterMs = view === 3 && call > 0 ? ID_FIRST_MS : 0;
      order[request] = (atMs + laterMs) * NUMBERS + request;
      places[request] = colo + colos * Math.floor(random() * isolatesIn(colo, { colos, isolates }));
    }
  }
  order.sort();
  return {
    requests,
    *[Symbol.iterator]() {
      for (const ordered of order) {
        const request = ordered % NUMBERS;
        const number = Math.floor(request / view);
        const kind = kindOf(view === 2 ? request % view : (request % view) - 1, areById[number] === 1);
        yield {
          atMs: (ordered - request) / NUMBERS,
          kind,
          profile: profiles[number] ?? 0,
          isolate: places[request] ?? 0,
        };
      }
    },
  };
}

/** Isolates go round the colos, so that a number tells both: its rest by the colos is the colo. */
function isolatesIn(colo: number, { colos, isolates }: Pick<Options, "colos" | "isolates">): number {
  return Math.ceil((isolates - colo) / colos);
}

function kindOf(call: number, isById: boolean): Kind {
  if (call < 0) return "userid";
  if (call === 1) return "user-posts";
  return isById ? "userinfo-by-id" : "userinfo-by-username";
}

/** By rejection: a moment counts as much as its hour is busy. Quiet at 2, busy at 14. */
function timeOfDay(random: () => number): number {
  for (;;) {
    const atMs = Math.floor(random() * DAY_MS);
    const busy = 1 + SWING * Math.sin(2 * Math.PI * (atMs / DAY_MS - 1 / 3));
    if (random() * (1 + SWING) < busy) return atMs;
  }
}

function zipfPicker({ profiles, zipf }: TraceOptions, random: () => number): () => number {
  const upTo = new Float64Array(profiles);
  let sum = 0;
  for (let rank = 0; rank < profiles; rank += 1) upTo[rank] = sum += (rank + 1) ** -zipf;
  return () => {
    const drawn = random() * sum;
    let [low, high] = [0, profiles - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((upTo[middle] ?? 0) > drawn) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
