import type { Options } from "../simulate/options.ts";
import { billOf, times, type Bill, type Used } from "./bill.ts";
import { guidesDay, noCacheDay, stockDay, type Design } from "./guides-day.ts";
import { ourDay, usedIn, type Line } from "./our-day.ts";

const DAYS = 30;

/** A month of such days. */
export type Billed = { readonly name: string; readonly used: Used; readonly bill: Bill };

export type Compared = {
  readonly lines: readonly Line[];
  /** The gateway first, then the guides' design, the stock recipe, and none at all. */
  readonly designs: readonly [ours: Billed, guides: Billed, stock: Billed, none: Billed];
};

/** The same day by each of the designs, for a month. */
export async function compareBills(options: Options): Promise<Compared> {
  const lines = await ourDay(options);
  return {
    lines,
    designs: [
      billed({ name: "Tikedge", used: usedIn(lines) }),
      billed(guidesDay(options)),
      billed(stockDay(options)),
      billed(noCacheDay(options)),
    ],
  };
}

function billed({ name, used }: Design): Billed {
  const month = times(used, DAYS);
  return { name, used: month, bill: billOf(month) };
}
