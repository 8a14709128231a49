export type Column<Row> = { readonly title: string; cell(row: Row): string };

/** A Markdown table whose first column is words and whose others are figures. */
export function table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const lines = [
    columns.map(({ title }) => title),
    columns.map((_, at) => (at === 0 ? "---" : "---:")),
    ...rows.map((row) => columns.map(({ cell }) => cell(row))),
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
