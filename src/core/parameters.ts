import { type Canonical, canonicalValue } from "./canonical.ts";
import { findEndpoint, type Call, type Endpoint, type Parameter } from "./catalogue.ts";
import { repeatable } from "./repeatable.ts";

export type InvalidParameter = { readonly name: string; readonly reason: string };

type ReadCall =
  | { readonly kind: "call"; readonly call: Call }
  | { readonly kind: "invalid"; readonly invalid: readonly InvalidParameter[] };

/** What a refusal repeats of a client's text is bounded: a refusal must not be longer than the request. */
const NAMED_AT_MOST = 20;

type Pair = { readonly name: string; readonly value: string; readonly decodes: boolean };

/**
 * Reads a raw query string, with or without its `?`, as a call in canonical form, or names every parameter that is unknown, repeated,
 * missing or malformed. It reads the text itself because the platform's parser hides broken percent-encoding, and a parameter that is
 * read differently here and upstream would be cached under the wrong key.
 */
export function readCall(endpoint: Endpoint, search: string): ReadCall {
  const pairs = pairsOf(search);
  const params: [name: string, value: string][] = [];
  const invalid = unknownOf(endpoint, pairs);
  for (const parameter of endpoint.parameters) {
    const read = readParameter(parameter, pairs);
    if (read.kind === "value") params.push([parameter.name, read.value]);
    if (read.kind === "malformed") invalid.push({ name: parameter.name, reason: read.reason });
  }
  if (invalid.length > 0) return { kind: "invalid", invalid: invalid.slice(0, NAMED_AT_MOST) };
  return { kind: "call", call: { endpoint, params: params.toSorted(([a], [b]) => (a < b ? -1 : 1)) } };
}

/** The call that a path with its query is, or nothing when it is none. */
export function callOf(pathAndQuery: string): Call | undefined {
  const [path = "", ...search] = pathAndQuery.split("?");
  const endpoint = findEndpoint(path);
  const read = endpoint === undefined ? undefined : readCall(endpoint, search.join("?"));
  return read?.kind === "call" ? read.call : undefined;
}

function pairsOf(search: string): readonly Pair[] {
  const query = search.startsWith("?") ? search.slice(1) : search;
  return query
    .split("&")
    .filter((piece) => piece !== "")
    .map(pairOf);
}

function pairOf(piece: string): Pair {
  const equals = piece.indexOf("=");
  const name = equals < 0 ? piece : piece.slice(0, equals);
  const value = equals < 0 ? "" : piece.slice(equals + 1);
  const [decodedName, decodedValue] = [decoded(name), decoded(value)];
  return {
    name: decodedName ?? name,
    value: decodedValue ?? "",
    decodes: decodedName !== undefined && decodedValue !== undefined,
  };
}

/** Form decoding. Nothing for a broken escape or for bytes that are no UTF-8. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}

function unknownOf({ parameters }: Endpoint, pairs: readonly Pair[]): InvalidParameter[] {
  const known = new Set(parameters.map(({ name }) => name));
  const unknown = new Set(pairs.map(({ name }) => name).filter((name) => !known.has(name)));
  return Array.from(unknown, (name) => ({
    name: repeatable(name),
    reason: "is not a parameter of this endpoint",
  }));
}

function readParameter(parameter: Parameter, pairs: readonly Pair[]): Canonical {
  const [pair, second] = pairs.filter(({ name }) => name === parameter.name);
  if (second !== undefined) return { kind: "malformed", reason: "is given more than once" };
  if (pair?.decodes === false) return { kind: "malformed", reason: "is not valid percent-encoded UTF-8" };
  const read = canonicalValue(parameter, pair?.value ?? "");
  return read.kind === "absent" && parameter.required ? { kind: "malformed", reason: "is required" } : read;
}
