import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toCsv } from "../../src/core/csv.ts";

describe("a cell", () => {
  it.each([
    { cell: "=1+1", is: `"'=1+1"`, because: "a spreadsheet would compute it" },
    { cell: "+1", is: `"'+1"`, because: "a spreadsheet takes it for a formula" },
    { cell: "-1", is: `"'-1"`, because: "a spreadsheet takes it for a formula" },
    { cell: "@SUM(A1)", is: `"'@SUM(A1)"`, because: "a spreadsheet takes it for a formula" },
    { cell: "\t=1", is: `"'\t=1"`, because: "leading white space is skipped" },
    { cell: "\r=1", is: `"'\r=1"`, because: "leading white space is skipped" },
    { cell: "\n=1", is: `"'\n=1"`, because: "leading white space is skipped" },
    { cell: "＝1+1", is: `"'＝1+1"`, because: "where signs are wide it is a formula too" },
    { cell: 'a "b"', is: '"a ""b"""', because: "quotes are doubled" },
    { cell: "a,b", is: '"a,b"', because: "it holds the separator" },
    { cell: "a;=b", is: '"a;=b"', because: "elsewhere that is the separator, and the rest would be a formula" },
    { cell: "a\r\nb", is: '"a\r\nb"', because: "it holds the end of a row" },
    { cell: "/userid/", is: "/userid/", because: "nothing in it means anything" },
    { cell: 0.25, is: "0.25", because: "it is a number" },
    { cell: null, is: "", because: "there is nothing" },
  ])("$cell is written as $is: $because", ({ cell, is }) => expect(toCsv([[cell]])).toBe(`${is}\r\n`));
});

it("is read back as it was, but for the apostrophe in front of formulas", () => {
  const row = fc.array(fc.string({ unit: fc.constantFrom(...Array.from("=+-@\t\r\n\",';aé")) }), {
    minLength: 2,
    maxLength: 4,
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 4 }), (rows) => {
      expect(parse(toCsv(rows))).toEqual(
        rows.map((cells) => cells.map((cell) => cell.replace(/^(?=[=+\-@\t\r\n])/, "'"))),
      );
    }),
  );
});

/** RFC 4180, from its grammar: a field is quoted or holds none of quote, comma and end of line. */
function parse(csv: string): string[][] {
  const rows: string[][] = [];
  let cells: string[] = [];
  for (const [, quoted, plain = "", end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    rows.push(cells);
    cells = [];
  }
  return rows;
}
