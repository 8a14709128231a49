/**
 * JSON in its one canonical form (RFC 8785): members sorted by name, nothing between them. Whoever holds equal values writes equal bytes,
 * so that a digest can be checked in any language.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  // By UTF-16 code units, as the standard says and as JavaScript compares.
  const members = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(",")}}`;
}
