/** Times outside of this make no ids of 19 digits: a post's id carries the second it was made in. */
export const EARLIEST_MS = Date.UTC(2020, 0, 1);
export const LATEST_MS = Date.UTC(2040, 0, 1);

/** The emulator's own time: it runs with the real one, ahead of or behind it, or stands still. */
export class Clock {
  #offsetMs = 0;
  #frozenAtMs: number | undefined;

  nowMs(): number {
    return this.#frozenAtMs ?? Date.now() + this.#offsetMs;
  }

  get frozen(): boolean {
    return this.#frozenAtMs !== undefined;
  }

  /** Puts the clock to exactly `nowMs`, where it stays or from where it runs on. */
  set(nowMs: number, frozen: boolean): void {
    this.#offsetMs = nowMs - Date.now();
    this.#frozenAtMs = frozen ? nowMs : undefined;
  }
}
