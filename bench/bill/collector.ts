export type Collecting = { readonly most: number; readonly forMs: number };

/** Counts the messages of isolates that collect things for a while, or until there are many: the first of them begins the while. */
export function collector({ most, forMs }: Collecting) {
  const filling = new Map<number, { dueMs: number; held: number }>();
  const sentAtMs: number[] = [];
  return {
    add(isolate: number, atMs: number): void {
      const current = filling.get(isolate);
      if (current === undefined || atMs >= current.dueMs || current.held >= most) {
        filling.set(isolate, { dueMs: atMs + forMs, held: 1 });
        sentAtMs.push(atMs + forMs);
      } else current.held += 1;
    },
    /** When each was sent, or would have been had it not been full before. */
    sentAtMs: (): readonly number[] => sentAtMs.toSorted((one, other) => one - other),
  };
}

/** As `wrangler.toml` has it for the queue of usage. */
export const BATCH = { most: 10, forMs: 5_000 };

export type Deliveries = { readonly withEvents: number; readonly withHits: number };

/** How often a queue delivers messages that were sent at these times: with an event among them, or with hits alone. */
export function deliveries(eventsAtMs: readonly number[], hitsAtMs: readonly number[]): Deliveries {
  const messages = [
    ...eventsAtMs.map((atMs) => ({ atMs, isOfEvents: true })),
    ...hitsAtMs.map((atMs) => ({ atMs, isOfEvents: false })),
  ].toSorted((one, other) => one.atMs - other.atMs);
  const batches: { readonly dueMs: number; held: number; isOfEvents: boolean }[] = [];
  for (const { atMs, isOfEvents } of messages) {
    const batch = batches.at(-1);
    if (batch === undefined || atMs >= batch.dueMs || batch.held >= BATCH.most)
      batches.push({ dueMs: atMs + BATCH.forMs, held: 1, isOfEvents });
    else Object.assign(batch, { held: batch.held + 1, isOfEvents: batch.isOfEvents || isOfEvents });
  }
  const withEvents = batches.filter((batch) => batch.isOfEvents).length;
  return { withEvents, withHits: batches.length - withEvents };
}
