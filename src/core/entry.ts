import * as v from "valibot";

/**
 * What the caches hold for one call: the upstream's bytes as they came, and what is needed to serve them truthfully.
 * `body` is text because only valid UTF-8 is ever stored (RFC 8259, section 8.1), so text and bytes map one to one.
 */
export type Entry = {
  /** The unambiguous serialisation of what this answers; compared on read, so that no collision of digests is ever served. */
  readonly identity: string;
  /** Negative entries (the upstream knows no such thing) are a class of their own: no window of an answer ever applies to them. */
  readonly kind: "answer" | "negative";
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** Strong validator with its quotes, computed once when the entry is written. */
  readonly etag: string;
  /** When the upstream answered, Unix milliseconds: `Age` counts from here through every layer. */
  readonly fetchedAtMs: number;
  readonly freshMs: number;
  readonly staleMs: number;
  /** What the entry is about, e.g. `user:107955`: purging by subject finds it by these. */
  readonly subjects: readonly string[];
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
  status: v.pipe(v.number(), v.integer()),
  contentType: v.string(),
  etag: v.string(),
  fetchedAtMs: v.number(),
  freshMs: v.number(),
  staleMs: v.number(),
  subjects: v.array(v.string()),
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
