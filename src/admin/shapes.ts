import * as v from "valibot";
import type { PageOf } from "../core/control-ports.ts";
import { problems } from "../core/problem.ts";

/** A name that people give to a thing: one line of text. */
export const Label = v.pipe(
  v.string(),
  v.trim(),
  v.minLength(1, "is empty"),
  v.maxLength(100, "is longer than 100 characters"),
  v.regex(/^[^\p{C}]*$/u, "holds control characters"),
);

/** As it stands in a cache key. */
export const Region = v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,32}$/, "is not 1 to 32 of a-z, 0-9 and -"));

export const PlatformKeyId = v.pipe(v.string(), v.regex(/^platform-[0-9a-f]{8}$/, "is not the id of a platform key"));

/** A time, in UTC once it was read. */
export const Instant = v.pipe(
  v.string(),
  v.check(isInstant, "is not a time such as 2026-01-31T12:00:00Z"),
  v.metadata({ format: "date-time" }),
  v.transform((text) => new Date(text).toISOString()),
);

const DEFAULT_PAGE = 50;
const LONGEST_PAGE = 100;

/** `?limit=&cursor=` of a list; the cursor is the one that the page before gave. */
export function PageQuery<S extends v.GenericSchema<string, string>>(cursor: S) {
  const limit = v.pipe(
    v.string(),
    v.regex(/^\d{1,3}$/, "is not a whole number"),
    v.transform(Number),
    v.minValue(1, "is below 1"),
    v.maxValue(LONGEST_PAGE, `is above ${LONGEST_PAGE}`),
  );
  return v.strictObject({ limit: v.optional(limit), cursor: v.optional(cursor) });
}

/** What a list answers with; `next_cursor` is null on the last page. */
export function Paged<S extends v.GenericSchema>(row: S) {
  return v.object({ data: v.array(row), next_cursor: v.nullable(v.string()) });
}

/** A thing that was changed; `pending`: it is done, but other places may learn of it some seconds late. */
export function Pending<E extends v.ObjectEntries>(view: v.ObjectSchema<E, undefined>) {
  return v.object({ ...view.entries, pending: v.boolean() });
}

/** The page that a query asks for. */
export function pageAsked({ limit, cursor }: { limit?: number | undefined; cursor?: string | undefined }) {
  return { limit: limit ?? DEFAULT_PAGE, after: cursor ?? null };
}

/** A list's body. */
export function pageOf<Row>({ rows, next }: PageOf<Row>) {
  return { data: [...rows], next_cursor: next };
}

const RFC3339 = /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/**
 * Whether PostgreSQL would take it too: the shape alone lets days through that no month has, of which JavaScript makes others (31 February
 * is 3 March), and times that an offset carries out of the years with four digits.
 */
function isInstant(text: string): boolean {
  const [day, atMs] = [text.slice(0, 10), Date.parse(text)];
  if (!RFC3339.test(text) || Number.isNaN(atMs)) return false;
  return new Date(day).toISOString().startsWith(day) && /^[1-9]\d{3}-/.test(new Date(atMs).toISOString());
}

/** The thing, or 404. */
export function found<T>(thing: T | undefined): T {
  if (thing === undefined) throw problems.notFound();
  return thing;
}
