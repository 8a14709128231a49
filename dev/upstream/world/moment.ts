import { EARLIEST_MS } from "../clock.ts";
import { Draws } from "./draws.ts";
import { createNames, type Names } from "./names.ts";
import { Remembered } from "./remembered.ts";

/** In whose list a post, playlist or collection was seen, so that asking for it by its id tells the same story. */
export type Origin = { readonly authorId?: string; readonly musicId?: string; readonly region?: string };

/** All that exists. What it looks like depends on the time it is looked at. */
export type World = {
  readonly seed: string;
  readonly handles: Names;
  readonly hashtags: Names;
  readonly origins: Remembered<Origin>;
};

/** What one call sees: the world at a time, with or without links to the clips. */
export type Moment = World & { readonly nowMs: number; readonly clips: boolean };

const MOST_ORIGINS = 200_000;

export function createWorld(seed: string): World {
  return {
    seed,
    handles: createNames("user", { tiktok: "107955" }),
    hashtags: createNames("tag", { fyp: "229207" }),
    origins: new Remembered(MOST_ORIGINS),
  };
}

export function drawsFor({ seed }: Moment, ...key: readonly (string | number)[]): Draws {
  return new Draws([seed, ...key].join("/"));
}

export function nowSeconds({ nowMs }: Moment): number {
  return Math.floor(nowMs / 1000);
}

/** A counter that stood at `base` in 2020 and has grown since, by 1/40,000 an hour and by one a day at least. */
export function grown({ nowMs }: Moment, base: number): number {
  const hours = (nowMs - EARLIEST_MS) / 3_600_000;
  return Math.floor(base + (base * hours) / 40_000 + hours / 24);
}
