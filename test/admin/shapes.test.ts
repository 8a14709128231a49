import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { Instant } from "../../src/admin/shapes.ts";

describe("a time in a body", () => {
  it.each([
    { text: "2026-01-31T12:00:00Z", is: "2026-01-31T12:00:00.000Z", because: "it is the usual form" },
    { text: "2028-02-29T12:00:00Z", is: "2028-02-29T12:00:00.000Z", because: "the year has such a day" },
    { text: "2026-01-31T23:30:00-01:00", is: "2026-02-01T00:30:00.000Z", because: "an offset is read" },
    { text: "2026-01-31T12:00:00.123456789Z", is: "2026-01-31T12:00:00.123Z", because: "milliseconds are kept" },
  ])("$text is $is: $because", ({ text, is }) => expect(v.parse(Instant, text)).toBe(is));

  it.each([
    { text: "2026-02-31T12:00:00Z", because: "February has no such day" },
    { text: "2026-02-29T12:00:00Z", because: "not in that year" },
    { text: "2026-13-01T12:00:00Z", because: "a year has twelve months" },
    { text: "2026-01-31T24:00:00Z", because: "that is the next day" },
    { text: "2026-01-31T12:60:00Z", because: "an hour has sixty minutes" },
    { text: "0000-01-01T00:00:00Z", because: "there was no year 0" },
    { text: "9999-12-31T23:59:59-01:00", because: "it is in the year 10000" },
    { text: "2026-01-31T12:00:00+99:00", because: "no zone is that far" },
    { text: "2026-01-31T12:00:00", because: "it could be anywhere" },
    { text: "2026-01-31", because: "it is a day" },
    { text: "tomorrow", because: "it is none" },
    { text: "", because: "it is empty" },
  ])("'$text' is refused, and once: $because", ({ text }) => {
    const messages = v.safeParse(Instant, text).issues?.map(({ message }) => message);
    expect(messages).toEqual(["is not a time such as 2026-01-31T12:00:00Z"]);
  });
});
