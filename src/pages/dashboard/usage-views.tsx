import type { FC } from "hono/jsx";
import type { UsageView } from "../../core/statement-resources.ts";
import { StackedBars } from "../charts/stacked-bars.tsx";
import { count, money, ratio } from "./say.ts";
import { Table, type Column } from "./table.tsx";

type Props = { readonly usage: UsageView };

const TOP = 8;

const TIERS = {
  memory: "Memory of an isolate",
  colo: "Cache of the data centre",
  redis: "Redis",
  joined: "Joined another request",
  stale: "Past its time",
} as const;

const COLUMNS: readonly Column[] = [
  { head: "Calls", isNumber: true },
  { head: "Hits", isNumber: true },
  { head: "Hit ratio", isNumber: true },
  { head: "Credits charged", isNumber: true },
  { head: "In doubt", isNumber: true },
  { head: "Credits saved", isNumber: true },
  { head: "Worth", isNumber: true },
];

/** Credits spent and saved between two days, as figures. */
export const Figures: FC<Props> = ({ usage: { total } }) => (
  <dl class="cards">
    <Figure name="Credits spent" value={count(total.credits_charged)} />
    <Figure name="Credits saved" value={count(total.credits_saved)} />
    <Figure name="Hit ratio" value={ratio(total.hit_ratio)} />
    <Figure name="In doubt" value={count(total.credits_in_doubt)} />
    <Figure name="Worth at the plan's price" value={money(total.amount_cents)} />
  </dl>
);

const Figure: FC<{ readonly name: string; readonly value: string }> = ({ name, value }) => (
  <div class="card stat">
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);

/** Hits and calls by day, drawn and in numbers. */
export const ByDay: FC<Props & { readonly id: string; readonly isOpen?: boolean }> = ({
  usage,
  id,
  isOpen = false,
}) => {
  const { data, total, from, to } = usage;
  return (
    <>
      <StackedBars
        id={id}
        title={`Hits and calls by day, ${from} to ${to}`}
        description={`In all ${count(total.hits)} hits and ${count(total.calls)} calls to the upstream. Each day's numbers are in the table below.`}
        labels={data.map(({ group }) => group.slice(5))}
        series={[
          { name: "Hits, which cost nothing", values: data.map(({ hits }) => hits) },
          { name: "Calls to the upstream", values: data.map(({ calls }) => calls) },
        ]}
      />
      <details open={isOpen}>
        <summary>The numbers of each day</summary>
        <UsageTable usage={usage} caption={`Usage by day, ${from} to ${to}`} head="Day" />
      </details>
    </>
  );
};

/** Where hits were answered from, as parts of all requests. */
export const HitsByTier: FC<Props> = ({ usage: { total } }) => {
  const asked = total.hits + total.calls;
  const share = (part: number) => ratio(asked === 0 ? null : part / asked);
  const tiers = Object.entries(TIERS) as [keyof typeof TIERS, string][];
  return (
    <Table
      caption="Answers by where they came from"
      columns={[{ head: "From" }, { head: "Requests", isNumber: true }, { head: "Of all", isNumber: true }]}
      rows={[
        ...tiers.map(([tier, name]) => [name, count(total.hits_by_tier[tier]), share(total.hits_by_tier[tier])]),
        ["The upstream", count(total.calls), share(total.calls)],
      ]}
    />
  );
};

/** The endpoints that most was spent on. */
export const TopEndpoints: FC<Props> = ({ usage }) => {
  const data = usage.data.toSorted((a, b) => b.credits_charged - a.credits_charged || b.hits - a.hits).slice(0, TOP);
  return <UsageTable usage={{ ...usage, data }} caption="By credits charged, this month" head="Endpoint" />;
};

type TableProps = Props & { readonly caption: string; readonly head: string };

/** A row a day or endpoint. */
export const UsageTable: FC<TableProps> = ({ usage, caption, head }) => (
  <Table
    caption={caption}
    columns={[{ head }, ...COLUMNS]}
    empty="Nothing was asked in this time."
    rows={usage.data.map((row) => [
      row.group,
      count(row.calls),
      count(row.hits),
      ratio(row.hit_ratio),
      count(row.credits_charged),
      count(row.credits_in_doubt),
      count(row.credits_saved),
      money(row.amount_cents),
    ])}
  />
);
