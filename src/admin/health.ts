import { createMiddleware } from "hono/factory";
import * as v from "valibot";
import { PlatformHealth } from "../core/platform-resources.ts";
import type { Part } from "../core/ports.ts";
import { described } from "./describe.ts";

const Live = v.object({ status: v.literal("ok") });

/** Answers while the Worker runs, and asks nothing. */
export const livez = () =>
  described(
    createMiddleware(async (c) => c.json({ status: "ok" }, 200, { "cache-control": "no-store" })),
    { summary: "Say that the Worker runs", responses: { 200: Live } },
  );

type HealthPorts = { readonly parts: readonly Part[]; readonly clock: () => number; readonly healthMs: number };

/** 200 when every part answers, 503 naming those that do not. Probes must not become load. */
export const healthz = (s: HealthPorts) => {
  const look = healthOf(s);
  const healthz = createMiddleware(async function healthz(c) {
    const health = await look();
    return c.json(health, health.status === "ok" ? 200 : 503, { "cache-control": "no-store" });
  });
  const responses = { 200: PlatformHealth, 503: PlatformHealth };
  return described(healthz, { summary: "Say which part does not answer", responses });
};

/** Looks at all parts, seldom: a result is kept `healthMs`, and while a check runs the last one is given out. */
export const healthOf = ({ parts, clock, healthMs }: HealthPorts) => {
  let nextCheckMs = 0;
  let last: readonly string[] | undefined;
  return async function health(): Promise<PlatformHealth> {
    if (last === undefined || clock() >= nextCheckMs) {
      nextCheckMs = clock() + healthMs;
      last = await downOf(parts);
    }
    const down = last;
    const states = parts.map(({ name }) => [name, down.includes(name) ? "down" : "ok"] as const);
    return { status: down.length === 0 ? "ok" : "down", parts: Object.fromEntries(states) };
  };
};

async function downOf(parts: readonly Part[]): Promise<string[]> {
  const answered = await Promise.all(parts.map((part) => part.ping()));
  return parts.filter((_part, at) => answered[at] !== true).map(({ name }) => name);
}
