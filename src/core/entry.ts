import * as v from "valibot";
import { windowNames, type WindowName } from "./windows.ts";

/**
 * What the caches hold for one call: the upstream's bytes as they came, and what is needed to serve them truthfully.
 * `body` is text because only valid UTF-8 is ever stored (RFC 8259, section 8.1), so text and bytes map one to one.
 */
export type Entry = {
  /** The unambiguous serialisation of what this answers; compared on read, so that no collision of digests is ever served. */
  readonly identity: string;
  /** Negative entries (the upstream knows no such thing) are a class of their own: no window of an answer ever applies to them. */
  readonly kind: "answer" | "negative";
  /** The row of the table of windows that it was kept by: a tenant may have tighter ones. */
  readonly windows: WindowName;
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** Strong validator with its quotes, computed once when the entry is written. */
  readonly etag: string;
  /** When the upstream answered, Unix milliseconds: `Age` counts from here through every layer. */
  readonly fetchedAtMs: number;
  /** When its dispatch was reserved, by the ledger's clock, Unix milliseconds: what was purged since counts against it. */
  readonly reservedAtMs: number;
  readonly freshMs: number;
  /** How long after that it is served at once while it is refreshed. */
  readonly staleMs: number;
  /** How long after `freshMs` it may stand in for a failure or a refusal; never shorter than `staleMs`. */
  readonly errorMs: number;
  /** Made of the answer to another call, by a rule of `derive.ts`. */
  readonly derived: boolean;
};

/** An entry and when Redis was last known to hold it, Unix milliseconds: nearer tiers keep it a bounded time from there. */
export type Stored = { readonly entry: Entry; readonly confirmedAtMs: number };

/**
 * An entry as text: one line of JSON with everything but the body, then the body as it came. The body is neither parsed nor escaped
 * on the way in or out, so what was stored is what is served, byte for byte.
 */
export function encodeEntry({ body, ...head }: Entry): string {
  return `${JSON.stringify(head)}\n${body}`;
}

const Head = v.object({
  identity: v.string(),
  kind: v.picklist(["answer", "negative"]),
  windows: v.picklist(windowNames),
  status: v.pipe(v.number(), v.integer()),
  contentType: v.string(),
  etag: v.string(),
  fetchedAtMs: v.number(),
  reservedAtMs: v.number(),
  freshMs: v.number(),
  staleMs: v.number(),
  errorMs: v.number(),
  derived: v.boolean(),
});

/** The entry in `text`, or nothing when it is no entry of this format: a value that another version wrote is a miss, never a crash. */
export function decodeEntry(text: string): Entry | undefined {
  const end = text.indexOf("\n");
  if (end < 0) return undefined;
  const head = v.safeParse(Head, parsed(text.slice(0, end)));
  return head.success ? { ...head.output, body: text.slice(end + 1) } : undefined;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
