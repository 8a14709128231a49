import type { BodySize } from "./in-workerd/bodies.ts";
import { bareName, barePage, directUpstream, PACED_PER_SECOND, type RequestClass } from "./request-classes.ts";
import { PUBLIC_TENANT } from "../dev/seed.ts";
import { NOBODY } from "./upstream.ts";

/** A class that a gateway of its own serves. */
export type GatewayClass = RequestClass & {
  readonly worker: string;
  /** What the gateway's settings are changed to. */
  readonly settings: Readonly<Record<string, string>>;
};

/** One byte holds no entry. */
const NO_MEMORY = { MEMORY_BYTES: "1" };

/** Longer than a run: usually Redis has to confirm an entry once a minute, which would be another class's request. */
const TRUSTED = { MEMORY_MS: "3600000" };

const DAY_MS = 86_400_000;

/** Each class asks for a user of its own: the Workers share one Redis and one Cache API. */
const gatewayClass = (name: string, worker: string, changes: Partial<GatewayClass>): GatewayClass => ({
  name,
  worker,
  settings: {},
  path: `/userinfo-by-username/?username=bench_${worker}`,
  renews: false,
  key: "tenant",
  revalidates: false,
  status: 200,
  cacheStatus: null,
  strays: 0,
  size: "usual",
  beside: bareName("usual"),
  perSecond: PACED_PER_SECOND,
  ...changes,
});

type Tier = Pick<GatewayClass, "settings" | "cacheStatus">;

/** The id of a user is a small answer, a profile may have any size. */
const hit = (tier: string, size: BodySize, changes: Tier & Partial<GatewayClass>): GatewayClass => {
  const path = size === "small" ? "/userid/" : "/userinfo-by-username/";
  const worker = `${tier.toLowerCase()}_${size}`;
  return gatewayClass(`${tier} hit${size === "usual" ? "" : `, ${size}`}`, worker, {
    path: `${path}?username=bench_${worker}`,
    size,
    beside: bareName(size),
    ...changes,
  });
};

const memory: Tier = { settings: TRUSTED, cacheStatus: /; hit; .*detail=memory$/ };
const colo: Tier = { settings: { ...NO_MEMORY, ...TRUSTED }, cacheStatus: /; hit; .*detail=colo$/ };
/** The colo keeps nothing either when an entry is trusted for no time; it is asked all the same. */
const redis: Tier = { settings: { ...NO_MEMORY, MEMORY_MS: "0" }, cacheStatus: /; hit; .*detail=redis$/ };

export const miss = gatewayClass("miss", "miss", {
  renews: true,
  cacheStatus: /; fwd=uri-miss; .*stored/,
  beside: directUpstream.name,
  perSecond: directUpstream.perSecond,
});

export const gatewayClasses: readonly GatewayClass[] = [
  hit("memory", "usual", memory),
  hit("memory", "small", memory),
  hit("memory", "large", memory),
  gatewayClass("negative hit (memory)", NOBODY, { ...memory, size: "small", beside: bareName("small") }),
  gatewayClass("not modified (memory)", "304", { ...memory, revalidates: true, status: 304 }),
  gatewayClass("stale hit (memory)", "stale", {
    // The queue drops what is to be refreshed, so it stays past its time.
    settings: { ...TRUSTED, WINDOWS: JSON.stringify({ userinfo: { freshMs: 1, staleMs: DAY_MS } }) },
    cacheStatus: /; hit; .*detail=swr/,
  }),
  hit("colo", "usual", colo),
  hit("colo", "small", colo),
  hit("colo", "large", colo),
  hit("Redis", "usual", redis),
  hit("Redis", "small", redis),
  // At a fifth of the others' rate, which would be as many bytes as Redis and its endpoint can send.
  hit("Redis", "large", { ...redis, perSecond: 100 }),
  miss,
  gatewayClass("hashtag page hit (memory)", "page", {
    settings: { ...TRUSTED, PUBLIC_TENANT },
    path: "/tags/bench",
    key: "none",
    beside: barePage.name,
    perSecond: barePage.perSecond,
  }),
  gatewayClass("refused, misspelt key", "misspelt", { key: "misspelt", status: 401, ...refusal() }),
  gatewayClass("refused, unknown key", "unknown", { key: "unknown", status: 401, ...refusal() }),
  // The smallest bucket lets one through each second.
  gatewayClass("refused, rate", "rate", { key: "limited tenant", status: 429, strays: 0.02, ...refusal() }),
];

/** A problem in JSON is nearest to the small body. */
function refusal(): Partial<GatewayClass> {
  return { size: "small", beside: bareName("small") };
}
