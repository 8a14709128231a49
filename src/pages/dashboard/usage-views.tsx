import type { FC, PropsWithChildren } from "hono/jsx";
import type { UsageView } from "../../core/statement-resources.ts";
import { LATENCY_TIERS, type LatencyTier } from "../../core/usage.ts";
import { Lines } from "../charts/lines.tsx";
import { Sparkline } from "../charts/sparkline.tsx";
import { StackedBars } from "../charts/stacked-bars.tsx";
import { count, money, ratio } from "../say.ts";
import { Table, type Column } from "../table.tsx";

type Props = { readonly usage: UsageView };

const TOP = 8;

/** Where an answer was from, in words. */
export const TIERS = {
  memory: "Memory of an isolate",
  colo: "Cache of the data centre",
  redis: "Redis",
  joined: "Joined another request",
  stale: "Past its time",
  upstream: "The upstream",
} as const satisfies Readonly<Record<LatencyTier, string>>;

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
export const Figures: FC<Props> = ({ usage: { total, data, group } }) => (
  <dl class="cards">
    <Figure name="Credits spent" value={count(total.credits_charged)}>
      {group === "day" ? <Sparkline label="By day, as below" values={data.map((day) => day.credits_charged)} /> : null}
    </Figure>
    <Figure name="Credits saved" value={count(total.credits_saved)}>
      {group === "day" ? <Sparkline label="By day, as below" values={data.map((day) => day.credits_saved)} /> : null}
    </Figure>
    <Figure name="Hit ratio" value={ratio(total.hit_ratio)} />
    <Figure name="In doubt" value={count(total.credits_in_doubt)} />
    <Figure name="Worth at the plan's price" value={money(total.amount_cents)} />
  </dl>
);

/** A figure among others, with its name. */
export const Figure: FC<PropsWithChildren<{ readonly name: string; readonly value: string }>> = ({
  name,
  value,
  children,
}) => (
  <div class="card stat">
    <dt>{name}</dt>
    <dd>
      {value} {children}
    </dd>
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
      <div class="charts">
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
        <Lines
          id={`${id}-credits`}
          title={`Credits spent and saved by day, ${from} to ${to}`}
          description={`In all ${count(total.credits_charged)} credits spent and ${count(total.credits_saved)} saved. Each day's numbers are in the table below.`}
          labels={data.map(({ group }) => group.slice(5))}
          series={[
            { name: "Credits saved", values: data.map((day) => day.credits_saved) },
            { name: "Credits spent", values: data.map((day) => day.credits_charged) },
          ]}
        />
      </div>
      <details open={isOpen}>
        <summary>The numbers of each day</summary>
        <UsageTable usage={usage} caption={`Usage by day, ${from} to ${to}`} head="Day" />
      </details>
    </>
  );
};

/** Where requests were answered from, as parts of all. */
export const ByTier: FC<Props> = ({ usage: { total } }) => {
  const asked = total.hits + total.calls;
  const { memory, colo, redis, joined, stale } = total.hits_by_tier;
  const requests = { memory, colo, redis, joined, stale, upstream: total.calls };
  return (
    <Table
      caption="Answers by where they came from"
      columns={[{ head: "From" }, { head: "Requests", isNumber: true }, { head: "Of all", isNumber: true }]}
      rows={LATENCY_TIERS.map((tier) => [
        TIERS[tier],
        count(requests[tier]),
        ratio(asked === 0 ? null : requests[tier] / asked),
      ])}
    />
  );
};

type TableProps = Props & {
  readonly caption: string;
  readonly head: string;
  /** How a row is called; its group, unless said otherwise. */
  readonly nameOf?: (group: string) => string;
};

/** The endpoints or keys that most was spent on. */
export const Top: FC<TableProps> = ({ usage, ...rest }) => {
  const data = usage.data.toSorted((a, b) => b.credits_charged - a.credits_charged || b.hits - a.hits).slice(0, TOP);
  return <UsageTable usage={{ ...usage, data }} {...rest} />;
};

/** A row a day, endpoint or key. */
export const UsageTable: FC<TableProps> = ({ usage, caption, head, nameOf = (group) => group }) => (
  <Table
    caption={caption}
    columns={[{ head }, ...COLUMNS]}
    empty="Nothing was asked in this time."
    rows={usage.data.map((row) => [
      nameOf(row.group),
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
