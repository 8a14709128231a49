/** Sizes of bodies in bytes: a refusal or an id, a user's profile, a long page of posts. */
const BYTES = { small: 100, usual: 1_500, large: 200_000 } as const;

export type BodySize = keyof typeof BYTES;
export const BODY_SIZES = ["small", "usual", "large"] as const satisfies readonly BodySize[];

/** A JSON object of exactly that many bytes, whose `members` stand in front of the padding. */
export function bodyOf(size: BodySize, members: Readonly<Record<string, unknown>> = {}): string {
  const empty = JSON.stringify({ ...members, padding: "" });
  return JSON.stringify({ ...members, padding: "x".repeat(BYTES[size] - empty.length) });
}
