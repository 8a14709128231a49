const ENTRY = /^([1-9]\d{0,8}):(\S+)$/;

/**
 * Reads a versioned secret, `1:<value>,2:<value>`. Several versions stand side by side while one takes over from another. Throws with
 * the place of what is wrong and never with its text, for the text is a secret.
 */
export function parseVersioned(text: string): ReadonlyMap<number, string> {
  const versions = new Map<number, string>();
  for (const [index, entry] of text.split(",").entries()) {
    const [, version, value] = ENTRY.exec(entry.trim()) ?? [];
    if (version === undefined || value === undefined)
      throw new RangeError(`Entry ${index + 1} is not <version>:<value>.`);
    if (versions.has(Number(version))) throw new RangeError(`Version ${version} is given more than once.`);
    versions.set(Number(version), value);
  }
  return versions;
}

/** The highest version, which writes; the lower ones only read what they wrote. Throws when there is none. */
export function currentVersion<T>(versions: ReadonlyMap<number, T>): { version: number; value: T } {
  const [newest] = [...versions].toSorted(([a], [b]) => b - a);
  if (newest === undefined) throw new RangeError("There is no version.");
  return { version: newest[0], value: newest[1] };
}
