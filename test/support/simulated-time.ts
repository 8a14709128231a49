type Due = { readonly atMs: number; readonly order: number; readonly run: () => void };

/**
 * Time that passes only when nothing else is left to do: the next thing that is due happens, then everything that follows from it, then the
 * next. Minutes take seconds, and a run with the same choices is the same run.
 */
export function simulatedTime(startMs = 1_700_000_000_000) {
  const due: Due[] = [];
  let nowMs = startMs;
  let order = 0;
  const at = (atMs: number, run: () => void) => {
    order += 1;
    push(due, { atMs: Math.max(Math.ceil(atMs), nowMs), order, run });
  };
  return {
    clock: () => nowMs,
    at,
    pause: (ms: number) => new Promise<void>((resolve) => at(nowMs + ms, resolve)),
    /** Lets everything happen that is due before `untilMs`. */
    async until(untilMs: number): Promise<void> {
      for (let next = due[0]; next !== undefined && next.atMs < untilMs; next = due[0]) {
        pop(due);
        nowMs = next.atMs;
        next.run();
        // All that is only waiting for promises runs before this is resumed.
        await new Promise((resolve) => setImmediate(resolve));
      }
      nowMs = untilMs;
    },
  };
}

export type SimulatedTime = ReturnType<typeof simulatedTime>;

/** Of two at one moment the one that was asked for first. */
function isBefore(one: Due, other: Due): boolean {
  return one.atMs === other.atMs ? one.order < other.order : one.atMs < other.atMs;
}

/** A binary heap: the first is due first. */
function push(heap: Due[], added: Due): void {
  heap.push(added);
  for (let at = heap.length - 1; at > 0;) {
    const above = (at - 1) >> 1;
    const [one, other] = [heap[at], heap[above]];
    if (one === undefined || other === undefined || !isBefore(one, other)) return;
    [heap[at], heap[above]] = [other, one];
    at = above;
  }
}

function pop(heap: Due[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  for (let at = 0; ;) {
    let least = at;
    for (const below of [2 * at + 1, 2 * at + 2]) {
      const [one, other] = [heap[below], heap[least]];
      if (one !== undefined && other !== undefined && isBefore(one, other)) least = below;
    }
    const [one, other] = [heap[at], heap[least]];
    if (least === at || one === undefined || other === undefined) return;
    [heap[at], heap[least]] = [other, one];
    at = least;
  }
}
