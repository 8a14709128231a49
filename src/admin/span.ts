import * as v from "valibot";
import { utcDay } from "../core/key-rights.ts";
import { problems } from "../core/problem.ts";
import { Day } from "../core/statement-resources.ts";
import type { Span } from "../core/usage-figures.ts";
import { countDays } from "../core/utc.ts";

const MOST_DAYS = 366;

/** `?from=&to=`, UTC days, both included. */
export const SpanQuery = v.strictObject({ from: v.optional(Day), to: v.optional(Day) });

/** The days that a query asks for; without them, those of this month. Throws the problem that names what is wrong with them. */
export function spanAsked({ from: given, to }: v.InferOutput<typeof SpanQuery>, nowMs: number): Span {
  const last = to ?? utcDay(nowMs);
  const from = given ?? `${last.slice(0, 7)}-01`;
  if (from > last) refuse("from", `is after ${last}`);
  if (countDays(from, last) > MOST_DAYS) refuse("from", `is more than ${MOST_DAYS} days before ${last}`);
  return { from, to: last };
}

function refuse(name: string, reason: string): never {
  throw problems.invalidParameters([{ name, reason }]);
}
