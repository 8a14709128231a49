import type { Log } from "../core/ports.ts";

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
  return { name: error.name, ...(code === undefined ? {} : { code }), ...(cause === undefined ? {} : { cause }) };
}
