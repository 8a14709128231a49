/** A call as it came in. `key` is empty when there was none. */
export type ReceivedCall = {
  readonly method: string;
  readonly path: string;
  /** Without the question mark, undecoded. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly key: string;
};

/** A call in the log: when it came, Unix milliseconds of the machine's clock, and the fault that it met. */
export type LoggedCall = ReceivedCall & { readonly receivedAtMs: number; readonly fault: string | null };

type Tally = { calls: number; charged: number; readonly byPath: Map<string, number> };

const MOST_RECENT = 10_000;

/** Counts every call that reached the upstream, whatever became of it: the truth that a ledger is compared with. */
export class Meter {
  readonly #tallies = new Map<string, Tally>();
  #recent: LoggedCall[] = [];
  #totalCalls = 0;

  received(call: LoggedCall): void {
    const tally = this.#tallyOf(call.key);
    tally.calls += 1;
    tally.byPath.set(call.path, (tally.byPath.get(call.path) ?? 0) + 1);
    this.#totalCalls += 1;
    this.#recent.push(call);
    if (this.#recent.length > MOST_RECENT) this.#recent.shift();
  }

  charged(key: string, credits: number): void {
    this.#tallyOf(key).charged += credits;
  }

  reset(): void {
    this.#tallies.clear();
    this.#recent = [];
    this.#totalCalls = 0;
  }

  read() {
    const keys = [...this.#tallies].map(([key, { calls, charged, byPath }]) => {
      return [key, { calls, charged, byPath: Object.fromEntries(byPath) }] as const;
    });
    return { keys: Object.fromEntries(keys), totalCalls: this.#totalCalls };
  }

  /** The last calls, oldest first. */
  recent(): readonly LoggedCall[] {
    return this.#recent;
  }

  #tallyOf(key: string): Tally {
    const known = this.#tallies.get(key);
    if (known !== undefined) return known;
    const tally = { calls: 0, charged: 0, byPath: new Map<string, number>() };
    this.#tallies.set(key, tally);
    return tally;
  }
}
