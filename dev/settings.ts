import { resolve } from "node:path";
import * as v from "valibot";
import { settingNames } from "../src/env.ts";

const Port = v.pipe(
  v.string(),
  v.regex(/^\d+$/, "is not a port"),
  v.transform(Number),
  v.maxValue(65_535, "is not a port"),
);
const Url = v.optional(v.pipe(v.string(), v.url("is not a URL")));
const turned = (otherwise: "on" | "off") =>
  v.pipe(
    v.optional(v.picklist(["on", "off"], "is neither on nor off"), otherwise),
    v.transform((text) => text === "on"),
  );

/** The settings of the local stack: README, "Developing", says what each is for. An empty one counts as absent. */
const Settings = v.object({
  PORT: v.optional(Port, "8787"),
  STATE_DIR: v.pipe(
    v.optional(v.string(), ".local"),
    v.transform((path) => resolve(path)),
  ),
  UPSTREAM_URL: Url,
  TIKLIVE_KEY: v.optional(v.string()),
  BYO_KEY: v.optional(v.string()),
  REDIS_URL: Url,
  DATABASE_URL: Url,
  ADMIN_TOKEN: v.optional(v.pipe(v.string(), v.minLength(8, "is shorter than 8 characters"))),
  CRONS: turned("on"),
  UPSTREAM_RATE_LIMIT: turned("off"),
});

export type DevSettings = v.InferOutput<typeof Settings>;

/** Throws an error that names every setting that is wrong. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): DevSettings {
  const given = Object.entries(environment).filter(([, value]) => value !== "");
  const read = v.safeParse(Settings, Object.fromEntries(given));
  if (read.success) return read.output;
  throw new Error(read.issues.map((issue) => `${v.getDotPath(issue)} ${issue.message}`).join(", "));
}

/** What the environment says of the Worker's own settings: durations, the identity provider, and whatever else the stack does not decide. */
export function workerSettings(
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const given = settingNames.map((name) => [name, environment[name] ?? ""] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== ""));
}
