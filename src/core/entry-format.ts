import * as v from "valibot";
import type { Entry } from "./entry.ts";

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
