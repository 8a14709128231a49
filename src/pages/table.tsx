import type { Child, FC } from "hono/jsx";

export type Column = { readonly head: string; readonly isNumber?: boolean; readonly wraps?: boolean };

type Props = {
  /** What the table is, for who hears the page, and above it. */
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Child[])[];
  /** What stands there instead when there are no rows. */
  readonly empty?: string;
};

/** A table that scrolls by itself where it is wider than the screen, by keyboard too. */
export const Table: FC<Props> = ({ caption, columns, rows, empty = "There is nothing yet." }) =>
  rows.length === 0 ? (
    <p class="quiet">{empty}</p>
  ) : (
    <div class="scroll" tabindex={0} role="region" aria-label={caption}>
      <table class="rows">
        <caption>{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ head, isNumber }) => (
              <th scope="col" class={isNumber === true ? "number" : ""}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr>
              {row.map((cell, at) => (
                <td class={classOf(columns[at])}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );

function classOf(column: Column | undefined): string {
  if (column?.isNumber === true) return "number";
  return column?.wraps === true ? "wrap" : "";
}
