/** The upstream's standard limit, in any 60 seconds and for each key. */
export const CALLS_PER_MINUTE = 200;

const WINDOW_MS = 60_000;

/** Counts by real time, not by the emulator's clock: a frozen clock must not lock a key out for ever. */
export class RateLimit {
  readonly #grantedAtMs = new Map<string, number[]>();

  /** Seconds to wait, or nothing when the call may go on; refused calls do not count. */
  take(key: string, nowMs: number): number | undefined {
    const granted = (this.#grantedAtMs.get(key) ?? []).filter((at) => at > nowMs - WINDOW_MS);
    const oldest = granted[0];
    if (oldest !== undefined && granted.length >= CALLS_PER_MINUTE)
      return Math.ceil((oldest + WINDOW_MS - nowMs) / 1000);
    this.#grantedAtMs.set(key, [...granted, nowMs]);
    return undefined;
  }
}
