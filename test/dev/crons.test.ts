import { expect, it } from "vitest";
import { isDue } from "../../dev/crons.ts";

// A Thursday.
const at = new Date("2026-01-08T04:23:59Z");

it.each([
  { cron: "* * * * *", due: true, because: "it is every minute" },
  { cron: "23 4 * * *", due: true, because: "it is that minute" },
  { cron: "24 4 * * *", due: false, because: "the minute is not over" },
  { cron: "*/5 * * * *", due: false, because: "23 is no multiple of 5" },
  { cron: "3/5 * * * *", due: true, because: "23 is 3 and four times 5" },
  { cron: "20-30/3 * * * *", due: true, because: "23 is 20 and 3" },
  { cron: "20-30 5-6 * * *", due: false, because: "every field has to fit" },
  { cron: "1,23 * 8 1 4", due: true, because: "a list names each of its numbers" },
  { cron: "* * * * 0", due: false, because: "the week begins with Sunday" },
])("$cron is due at 04:23 UTC on a Thursday: $due, because $because", ({ cron, due }) => {
  expect(isDue(cron, at)).toBe(due);
});
