import { parseArgs } from "node:util";

export type Options = {
  readonly profiles: number;
  /** The exponent of Zipf's law: 0 is as many views for each profile. */
  readonly zipf: number;
  /** How many times the guide's traffic. */
  readonly scale: number;
  readonly isolates: number;
  readonly colos: number;
  readonly seed: number;
  /** How many calls a page makes: user info and posts, or before them the user's id. */
  readonly view: 2 | 3;
  /** The part of views that ask for the user info by id, where a page makes three calls. */
  readonly byId: number;
  readonly derive: boolean;
  /** What half of the upstream's answers take at most, milliseconds. */
  readonly upstreamMs: number;
  readonly out: string;
};

export const DEFAULTS: Options = {
  profiles: 300,
  zipf: 0.8,
  scale: 1,
  isolates: 20,
  colos: 4,
  seed: 1,
  view: 2,
  byId: 0.3,
  derive: true,
  upstreamMs: 750,
  out: ".local/simulate.svg",
};

const text = { type: "string" } as const;

/** What the command line asks for. Throws with the name of what is wrong. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      profiles: text,
      zipf: text,
      scale: text,
      isolates: text,
      colos: text,
      seed: text,
      view: text,
      "by-id": text,
      derive: text,
      "upstream-ms": text,
      out: text,
    },
  });
  const isolates = whole("isolates", values.isolates, DEFAULTS.isolates);
  const byId = atLeast0("by-id", values["by-id"], DEFAULTS.byId);
  const scale = atLeast0("scale", values.scale, DEFAULTS.scale);
  if (scale === 0) throw new Error("--scale is above 0");
  if (byId > 1) throw new Error("--by-id is at most 1");
  return {
    profiles: whole("profiles", values.profiles, DEFAULTS.profiles),
    zipf: atLeast0("zipf", values.zipf, DEFAULTS.zipf),
    scale,
    isolates,
    colos: Math.min(isolates, whole("colos", values.colos, DEFAULTS.colos)),
    seed: whole("seed", values.seed, DEFAULTS.seed),
    view: viewOf(values.view),
    byId,
    derive: isOn(values.derive),
    upstreamMs: whole("upstream-ms", values["upstream-ms"], DEFAULTS.upstreamMs),
    out: values.out ?? DEFAULTS.out,
  };
}

function whole(name: string, given: string | undefined, otherwise: number): number {
  const value = Number(given ?? otherwise);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} is a whole number from 1`);
  return value;
}

function atLeast0(name: string, given: string | undefined, otherwise: number): number {
  const value = Number(given ?? otherwise);
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} is a number from 0`);
  return value;
}

function viewOf(given = "2"): 2 | 3 {
  if (given === "2") return 2;
  if (given === "3") return 3;
  throw new Error("--view is 2 or 3");
}

function isOn(given = "on"): boolean {
  if (given !== "on" && given !== "off") throw new Error("--derive is on or off");
  return given === "on";
}
