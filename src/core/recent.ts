/**
 * Remembers what was made of the texts that were asked for last: at most twice `most`, and none for texts of more than `longest` characters.
 * A text that is asked for again is remembered longer; what comes back is the very same value, so it must not be changed.
 */
export function recentlyMade<Made>({ most, longest }: { readonly most: number; readonly longest: number }) {
  let young = new Map<string, Made>();
  let old = young;
  const put = (text: string, made: Made) => {
    if (text.length > longest) return;
    if (young.size >= most) {
      old = young;
      young = new Map();
    }
    young.set(text, made);
  };
  return {
    get(text: string): Made | undefined {
      const made = young.get(text);
      if (made !== undefined) return made;
      const older = old.get(text);
      if (older !== undefined) put(text, older);
      return older;
    },
    put,
  };
}
