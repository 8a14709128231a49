import type { FC } from "hono/jsx";
import * as v from "valibot";

/** A page of a list, as `/v1` answers it. */
export function pageOf<S extends v.GenericSchema>(row: S) {
  return v.object({ data: v.array(row), next_cursor: v.nullable(v.string()) });
}

/** The path of a list of `/v1` from where a page's own query stands. */
export function listPath(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, value]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}

type Props = {
  readonly path: string;
  readonly next: string | null;
  readonly query?: Readonly<Record<string, string | undefined>>;
};

/** A way on to what is older, and back to the beginning. */
export const Paging: FC<Props> = ({ path, next, query = {} }) => (
  <p class="actions">
    {query["cursor"] === undefined ? null : (
      <a class="button plain" href={listPath(path, { ...query, cursor: undefined })}>
        From the beginning
      </a>
    )}
    {next === null ? null : (
      <a class="button plain" href={listPath(path, { ...query, cursor: next })}>
        More
      </a>
    )}
  </p>
);
