import type { Log } from "../core/ports.ts";

const MOST_FRAMES = 5;

/**
 * One JSON line an event, on the Worker's console. Callers pass names and ids; of an error only its name and code are written, for a
 * vendor's message repeats the command it failed on, bodies and keys included.
 */
export function consoleLog(): Log {
  return {
    info: (event, fields) => console.log(line("info", event, fields)),
    error: (event, fields) => console.error(line("error", event, fields)),
  };
}

function line(level: string, event: string, fields: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ level, event, ...fields }, (_key, value: unknown) =>
    value instanceof Error ? named(value) : value,
  );
}

function named(error: Error): Record<string, unknown> {
  const code = "code" in error ? error.code : undefined;
  const cause = error.cause instanceof Error ? named(error.cause) : undefined;
  const frames = framesOf(error);
  return {
    name: error.name,
    ...(code === undefined ? {} : { code }),
    ...(frames.length === 0 ? {} : { frames }),
    ...(cause === undefined ? {} : { cause }),
  };
}

/** Where it was thrown, without the message that stands above the frames and may run over lines. */
function framesOf({ stack = "" }: Error): readonly string[] {
  return stack
    .split("\n")
    .filter((line) => /^ {4}at /.test(line))
    .slice(0, MOST_FRAMES);
}
