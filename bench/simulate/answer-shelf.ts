/** An answer in a store: there from one moment, gone at another, and as old as the upstream's answer is. */
export type Shelved = { readonly fromMs: number; readonly untilMs: number; readonly answeredAtMs: number };

/** A store of the designs that are compared, asked in order of time. What is on its way to it is put in as it is sent off. */
export function answerShelf() {
  const coming = new Map<string, readonly Shelved[]>();
  const standing = new Map<string, Shelved>();
  const land = (key: string, arrivals: readonly Shelved[], nowMs: number) => {
    const later = arrivals.filter(({ fromMs }) => fromMs > nowMs);
    for (const arrived of arrivals) if (arrived.fromMs <= nowMs) standing.set(key, arrived);
    if (later.length > 0) coming.set(key, later);
    else coming.delete(key);
  };
  return {
    get(key: string, nowMs: number): Shelved | undefined {
      const arrivals = coming.get(key);
      if (arrivals !== undefined) land(key, arrivals, nowMs);
      const found = standing.get(key);
      return found !== undefined && nowMs < found.untilMs ? found : undefined;
    },
    /** The last to arrive is what stands there. */
    put(key: string, shelved: Shelved) {
      const arrivals = [...(coming.get(key) ?? []), shelved];
      coming.set(
        key,
        arrivals.toSorted((one, other) => one.fromMs - other.fromMs),
      );
    },
  };
}
