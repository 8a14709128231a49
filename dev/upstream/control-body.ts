import type { IncomingMessage } from "node:http";

/** Longer control bodies are refused. */
export const MOST_CONTROL_BYTES = 64 * 1024;

/** A control request that makes no sense is a mistake in somebody's test: they are told which, and nothing is changed. */
export class BadControlRequest extends Error {}

/** Reads the JSON object of a control request. No body is an empty object. */
export async function readFields(request: IncomingMessage, known: readonly string[]): Promise<Fields> {
  const text = await readText(request);
  const body = text === "" ? {} : parsed(text);
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new BadControlRequest("the body must be a JSON object");
  }
  const fields = new Map<string, unknown>(Object.entries(body));
  const unknown = [...fields.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) throw new BadControlRequest(`unknown field "${unknown}"; known are: ${known.join(", ")}`);
  return new Fields(fields);
}

/** The fields of a control body. An absent one reads as undefined, one of the wrong type is a `BadControlRequest`. */
export class Fields {
  readonly #fields: ReadonlyMap<string, unknown>;

  constructor(fields: ReadonlyMap<string, unknown>) {
    this.#fields = fields;
  }

  text(name: string): string | undefined {
    return this.#read(name, "a string", (value) => typeof value === "string");
  }

  flag(name: string): boolean | undefined {
    return this.#read(name, "true or false", (value) => typeof value === "boolean");
  }

  /** A number from `least` to `most`. */
  number(name: string, least: number, most: number): number | undefined {
    const fits = (value: unknown): value is number => typeof value === "number" && value >= least && value <= most;
    return this.#read(name, `a number from ${least} to ${most}`, fits);
  }

  /** A whole number of at least zero, or null for no end. */
  amount(name: string): number | null | undefined {
    return this.#read(name, "a whole number of at least 0, or null", isAmount);
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
    const fits = (value: unknown): value is T => values.some((it) => it === value);
    return this.#read(name, `one of ${values.join(", ")}`, fits);
  }

  has(name: string): boolean {
    return this.#fields.has(name);
  }

  #read<T>(name: string, expected: string, fits: (value: unknown) => value is T): T | undefined {
    const value = this.#fields.get(name);
    if (value === undefined || fits(value)) return value;
    throw new BadControlRequest(`"${name}" must be ${expected}`);
  }
}

function isAmount(value: unknown): value is number | null {
  return value === null || (typeof value === "number" && Number.isSafeInteger(value) && value >= 0);
}

/** Reads on past the limit without keeping anything: an answer sent before the end of a request gets lost. */
async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= MOST_CONTROL_BYTES) chunks.push(chunk);
  }
  if (size > MOST_CONTROL_BYTES) throw new BadControlRequest(`the body is longer than ${MOST_CONTROL_BYTES} bytes`);
  return Buffer.concat(chunks).toString("utf8");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadControlRequest("the body is not JSON");
  }
}
