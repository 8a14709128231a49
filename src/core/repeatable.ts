const LONGEST = 32;
const MOST_CAPITALS = 3;

/** `api_key`, `maxCursor`, `events.0`, `p12`: words, and a short number at the end. A key made at random has digits within. */
const WORDS = /^[A-Za-z_.-]+\d{0,3}$/;

/**
 * Whether a refusal may repeat this name, which a client made up. Keys get into the place of a name by mistake, and whoever logs responses
 * would log the key; a slip of the pen is what repeating is for.
 */
export function isRepeatable(name: string): boolean {
  const capitals = name.match(/[A-Z]/g) ?? [];
  return name.length <= LONGEST && capitals.length <= MOST_CAPITALS && WORDS.test(name);
}

/** The name, or what stands for one that is not repeated. */
export function repeatable(name: string): string {
  return isRepeatable(name) ? name : "(not repeated)";
}

/** Whether a refusal may repeat this path: each of its segments is a name. */
export function isRepeatablePath(path: string): boolean {
  return path.length <= 100 && path.split("/").every((segment) => segment === "" || isRepeatable(segment));
}
