type Record = { readonly atMs: number; readonly tag: string; readonly owesMs: number; readonly randomBits: string };

type Named = { readonly tenantId: string; readonly randomBits: string };

type RingSettings = { readonly windowMs: number; readonly perSecond: number; readonly secondMs: number };

export type Ring = ReturnType<typeof memoryRing>;

/** How long a mark lasts past the time that its tenant was told, milliseconds. */
const MARK_MS = 1_000;

/** After the last sign of a second tenant a key counts as shared for so many windows. */
const SHARED_WINDOWS = 10;

/** On a shared key four fifths of a share are assured. */
const ASSURED = 1.25;

/** A candidate's ring, as the reservation script keeps it as a text. */
export function memoryRing({ windowMs, perSecond, secondMs }: RingSettings) {
  let records: Record[] = [];
  const waiters = new Map<string, number>();
  let [promisedMs, sharedUntilMs] = [0, 0];
  const activeWith = (tag: string) => new Set([tag, ...waiters.keys(), ...records.map((record) => record.tag)]).size;
  const share = (tag: string, nowMs: number) => {
    if (activeWith(tag) > 1) sharedUntilMs = nowMs + SHARED_WINDOWS * windowMs;
  };
  const isAhead = (tag: string, nowMs: number) => (waiters.get(tag) ?? 0) - MARK_MS > nowMs;

  /** A mark whose time has come is no use any more. */
  const rewrite = (tag: string, nowMs: number) => {
    share(tag, nowMs);
    const [wasAhead, untilMs] = [isAhead(tag, nowMs), waiters.get(tag)];
    waiters.delete(tag);
    if (wasAhead && untilMs !== undefined) waiters.set(tag, untilMs);
  };

  return {
    tatMs: 0,
    probedMs: 0,
    get promisedMs() {
      return promisedMs;
    },
    used: (sinceMs = 0) => records.filter(({ atMs }) => atMs > sinceMs).length,
    /** Lets go of what is over, and says how things stand for a tenant. */
    look(tenantId: string, cap: number, nowMs: number) {
      const tag = tagOf(tenantId);
      records = records.filter(({ atMs }) => atMs > nowMs - windowMs);
      for (const [id, untilMs] of waiters) if (untilMs <= nowMs) waiters.delete(id);
      const active = activeWith(tag);
      const isShared = active > 1 || sharedUntilMs > nowMs;
      const tenants = Math.min(cap, Math.max(active, isShared ? 2 : 1));
      const last = records.findLast((record) => record.tag === tag);
      return {
        intervalMs: Math.min(windowMs, (windowMs * tenants * (isShared ? ASSURED : 1)) / cap),
        keep: isShared ? Math.floor(Math.max(cap / 100, Math.sqrt(tenants * cap) / 20)) : 0,
        owesMs: last === undefined ? 0 : Math.max(0, last.atMs + last.owesMs - nowMs),
        hasWaited: waiters.has(tag),
        isAhead: isAhead(tag, nowMs),
        others: waiters.size - (waiters.has(tag) ? 1 : 0),
      };
    },
    roomAt(nowMs: number, { cap, leave }: { cap: number; leave: number }) {
      const used = records.length;
      const free = cap - used;
      let [readyMs, apartMs] = [nowMs, secondMs / perSecond];
      if (free <= leave) {
        apartMs = windowMs / cap;
        const nth = records[Math.min(Math.floor(leave - free) + 1, used) - 1];
        if (nth === undefined) return { readyMs: nowMs + MARK_MS, apartMs };
        readyMs = nth.atMs + windowMs;
      }
      const ofSecond = records[used - perSecond];
      return { readyMs: ofSecond === undefined ? readyMs : Math.max(readyMs, ofSecond.atMs + secondMs), apartMs };
    },
    mark(tenantId: string, readyMs: number, nowMs: number) {
      const tag = tagOf(tenantId);
      share(tag, nowMs);
      waiters.delete(tag);
      waiters.set(tag, readyMs + MARK_MS);
    },
    promise(tenantId: string, readyMs: number, nowMs: number) {
      promisedMs = readyMs;
      rewrite(tagOf(tenantId), nowMs);
    },
    noteSharing(tenantId: string, nowMs: number) {
      const tag = tagOf(tenantId);
      if (activeWith(tag) > 1 && sharedUntilMs <= nowMs + (SHARED_WINDOWS * windowMs) / 2) rewrite(tag, nowMs);
    },
    add({ tenantId, randomBits }: Named, owesMs: number, nowMs: number) {
      const tag = tagOf(tenantId);
      share(tag, nowMs);
      waiters.delete(tag);
      records.push({ atMs: nowMs, tag, owesMs, randomBits });
    },
    written(): string {
      const marks = [...waiters].map(([tag, untilMs]) => `${tag}:${untilMs}`);
      const written = records.map(
        ({ atMs, tag, owesMs, randomBits }) =>
          `${digits(atMs, 13)}${tag}${digits(Math.min(owesMs, 999_999), 6)}${randomBits.slice(0, 19)}`,
      );
      return `${this.tatMs} ${promisedMs} ${this.probedMs} ${sharedUntilMs}|${marks.join(",")}|${written.join("")}`;
    },
  };
}

const TAG_LENGTH = 12;

function tagOf(tenantId: string): string {
  return tenantId.slice(-TAG_LENGTH).padStart(TAG_LENGTH, "0");
}

function digits(value: number, width: number): string {
  return String(value).padStart(width, "0");
}
