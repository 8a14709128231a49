export type Cell = string | number | null;

/** What a spreadsheet takes for a formula, by how a cell begins (OWASP, "CSV Injection"); some read the wide signs of East Asia as the narrow. */
const FORMULA = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;

/** Needs no quotes, whichever separator the reader expects. */
const PLAIN = /^[\w./:-]*$/;

/**
 * CSV by RFC 4180. A cell that a spreadsheet would run as a formula gets an apostrophe in front, which makes it text: names in it are
 * chosen by others. Null is an empty cell.
 */
export function toCsv(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => `${row.map(cellText).join(",")}\r\n`).join("");
}

function cellText(cell: Cell): string {
  const text = String(cell ?? "");
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return PLAIN.test(harmless) ? harmless : `"${harmless.replaceAll('"', '""')}"`;
}
