import { createMiddleware } from "hono/factory";
import * as v from "valibot";
import type { Part } from "../core/ports.ts";
import { described } from "./describe.ts";

const Live = v.object({ status: v.literal("ok") });
const State = v.picklist(["ok", "down"]);
const Health = v.object({ status: State, parts: v.record(v.string(), State) });

/** Answers while the Worker runs, and asks nothing. */
export const livez = () =>
  described(
    createMiddleware(async (c) => c.json({ status: "ok" }, 200, { "cache-control": "no-store" })),
    { summary: "Say that the Worker runs", responses: { 200: Live } },
  );

type HealthPorts = { readonly parts: readonly Part[]; readonly clock: () => number; readonly healthMs: number };

/**
 * 200 when every part answers, 503 naming those that do not. A result is kept `healthMs`, and while a check runs the last result is
 * given out: probes must not become load.
 */
export const healthz = ({ parts, clock, healthMs }: HealthPorts) => {
  let nextCheckMs = 0;
  let last: readonly string[] | undefined;
  const healthz = createMiddleware(async function healthz(c) {
    if (last === undefined || clock() >= nextCheckMs) {
      nextCheckMs = clock() + healthMs;
      last = await downOf(parts);
    }
    const down = last;
    const body = Object.fromEntries(parts.map(({ name }) => [name, down.includes(name) ? "down" : "ok"]));
    return c.json({ status: down.length === 0 ? "ok" : "down", parts: body }, down.length === 0 ? 200 : 503, {
      "cache-control": "no-store",
    });
  });
  return described(healthz, { summary: "Say which part does not answer", responses: { 200: Health, 503: Health } });
};

async function downOf(parts: readonly Part[]): Promise<string[]> {
  const answered = await Promise.all(parts.map((part) => part.ping()));
  return parts.filter((_part, at) => answered[at] !== true).map(({ name }) => name);
}
