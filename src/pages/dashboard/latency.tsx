import type { FC } from "hono/jsx";
import type { LatencyView } from "../../core/statement-resources.ts";
import { count } from "../say.ts";
import { Table } from "../table.tsx";
import { TIERS } from "./usage-views.tsx";

/** How long requests took, by where their answers were from. */
export const Latency: FC<{ readonly latency: LatencyView }> = ({ latency: { data, total } }) => (
  <Table
    caption="Milliseconds in the gateway, to about a third"
    columns={[
      { head: "Answered from" },
      { head: "Requests", isNumber: true },
      { head: "Half within", isNumber: true },
      { head: "95 % within", isNumber: true },
      { head: "99 % within", isNumber: true },
    ]}
    empty="Nothing was asked in this time."
    rows={[...data.map((row) => ({ name: TIERS[row.group], ...row })), { name: "All of them", ...total }]
      .filter((row) => row.count > 0)
      .map((row) => [row.name, count(row.count), count(row.p50_ms), count(row.p95_ms), count(row.p99_ms)])}
  />
);
