import * as v from "valibot";

const Fault = v.strictObject({
  /**
   * `down` breaks the connection before the request has an effect, `drop-reply` after it; `status` answers without an effect;
   * `delay` only waits.
   */
  kind: v.picklist(["down", "delay", "drop-reply", "status"]),
  /** Waited before anything else, whatever the kind. */
  delayMs: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
  status: v.optional(v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599)), 503),
  /** How many requests it breaks; null: all of them until it is cleared. */
  times: v.optional(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1))), 1),
  /** Breaks only requests whose body contains this. */
  contains: v.optional(v.string(), ""),
});

export type Fault = v.InferOutput<typeof Fault>;

export type FaultSwitch = {
  /** False when the text is no fault. */
  add(json: string): boolean;
  clear(): void;
  /** The fault that the request with this body meets; taking it uses it up once. */
  take(body: string): Fault | null;
};

/** Faults to meet, first in, first out. */
export function createFaultSwitch(): FaultSwitch {
  let waiting: { readonly fault: Fault; left: number }[] = [];
  return {
    add(json) {
      const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Fault), json);
      if (!parsed.success) return false;
      waiting.push({ fault: parsed.output, left: parsed.output.times ?? Infinity });
      return true;
    },
    clear() {
      waiting = [];
    },
    take(body) {
      const met = waiting.find(({ fault }) => body.includes(fault.contains));
      if (met === undefined) return null;
      met.left -= 1;
      if (met.left === 0) waiting = waiting.filter((each) => each !== met);
      return met.fault;
    },
  };
}
