import type { ReceivedCall } from "./meter.ts";

export const FAULT_KINDS = [
  "status",
  "delay",
  "hang",
  "reset",
  "truncate",
  "garbage",
  "oversized",
  "redirect",
  "empty-urls",
  "credits",
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/**
 * What goes wrong, with which calls, how often:
 * `status` answers `status` with `body`; `delay` answers late; `hang` never answers; `reset` drops the connection; `truncate` announces
 * the whole body and sends half; `garbage` is a page, not JSON; `oversized` is JSON of more than `bytes`; `redirect` points to
 * `location`; `empty-urls` answers with empty links to clips; `credits` answers, says in `X-Credits-Charged` that it
 * took `credits`, and takes them. `delayMs` comes before any of them.
 */
export type Fault = {
  readonly kind: FaultKind;
  readonly status: number;
  readonly body: string;
  readonly delayMs: number;
  readonly location: string;
  readonly bytes: number;
  readonly credits: number;
  /** Null until the faults are cleared. */
  readonly times: number | null;
  /** Null for all of them. */
  readonly path: string | null;
  readonly key: string | null;
  /** Null: charged if the answer of the call itself went out, whole or in part. */
  readonly charged: boolean | null;
};

/** The faults that wait for a call. The oldest that fits takes it. */
export class Faults {
  #waiting: { readonly fault: Fault; left: number }[] = [];

  add(fault: Fault): void {
    this.#waiting.push({ fault, left: fault.times ?? Infinity });
  }

  clear(): void {
    this.#waiting = [];
  }

  take(call: ReceivedCall): Fault | undefined {
    const found = this.#waiting.find(({ fault }) => fits(fault.path, call.path) && fits(fault.key, call.key));
    if (found === undefined) return undefined;
    found.left -= 1;
    if (found.left <= 0) this.#waiting = this.#waiting.filter((it) => it !== found);
    return found.fault;
  }
}

function fits(wanted: string | null, actual: string): boolean {
  return wanted === null || wanted === actual;
}
