import * as v from "valibot";
import { windowNames, type WindowOverrides, type Windows } from "./windows.ts";

const Seconds = v.pipe(v.number(), v.integer("is not a whole number"), v.minValue(0, "is below 0"));

/** As `/v1` says it and Postgres keeps it. */
const WindowSeconds = v.strictObject({ fresh_seconds: Seconds, stale_seconds: Seconds });

const chosen = v.exactOptional(WindowSeconds);

/** The freshness windows that a tenant tightened, by class. Strict: a record would pass over a `__proto__`, and with it take all back. */
export const TenantWindows = v.strictObject(
  Object.fromEntries(windowNames.map((name) => [name, chosen])) as Record<(typeof windowNames)[number], typeof chosen>,
);

export type WindowSeconds = v.InferOutput<typeof WindowSeconds>;
export type TenantWindows = v.InferOutput<typeof TenantWindows>;

/** The windows in milliseconds, without classes that another version of the Worker knows and this one does not. */
export function windowsOf(stored: Readonly<Record<string, WindowSeconds>>): WindowOverrides {
  return Object.fromEntries(
    windowNames.flatMap((name) => {
      const window = stored[name];
      return window === undefined ? [] : [[name, inMs(window)]];
    }),
  );
}

function inMs({ fresh_seconds, stale_seconds }: WindowSeconds): Windows {
  return { freshMs: fresh_seconds * 1_000, staleMs: stale_seconds * 1_000 };
}

/**
 * What of `asked` is above the deployment's own windows, with the bound. A tenant may tighten and never widen: entries are kept no longer
 * than the deployment says, and a pool's are everybody's.
 */
export function widened(
  asked: TenantWindows,
  usual: Readonly<Record<keyof TenantWindows, Windows>>,
): readonly { readonly name: string; readonly reason: string }[] {
  return windowNames.flatMap((name) => {
    const { fresh_seconds = 0, stale_seconds = 0 } = asked[name] ?? {};
    return [
      { name: `windows.${name}.fresh_seconds`, seconds: fresh_seconds, bound: Math.floor(usual[name].freshMs / 1_000) },
      { name: `windows.${name}.stale_seconds`, seconds: stale_seconds, bound: Math.floor(usual[name].staleMs / 1_000) },
    ]
      .filter(({ seconds, bound }) => seconds > bound)
      .map(({ name, bound }) => ({ name, reason: `is above ${bound}, what it is for everybody` }));
  });
}
