import type { FC } from "hono/jsx";
import { projected, type Projection } from "../../core/projection.ts";
import { quotaWindow } from "../../core/quota.ts";
import type { QuotaView } from "../../core/statement-resources.ts";
import { count, ratio, time, timeOf } from "../say.ts";
import { Table } from "../table.tsx";

const NAMES = { burst: "Burst, requests", daily: "Today, credits", monthly: "This month, credits" } as const;

type Window = QuotaView["data"][number];

/** What is left of each window, and when it runs out if it goes on like this. */
export const Quotas: FC<{ readonly quota: QuotaView; readonly nowMs: number }> = ({ quota, nowMs }) => (
  <>
    <Table
      caption="Quotas, in UTC days and months"
      columns={[
        { head: "Window" },
        { head: "Used", isNumber: true },
        { head: "Left", isNumber: true },
        { head: "Limit", isNumber: true },
        { head: "Share used" },
        { head: "At this rate" },
        { head: "Begins anew" },
      ]}
      rows={quota.data.map((window) => [
        NAMES[window.policy],
        count(window.used),
        count(window.remaining),
        window.limit === null ? "none" : count(window.limit),
        <Share window={window} />,
        <Outlook window={window} nowMs={nowMs} />,
        time(window.resets_at),
      ])}
    />
    {quota.source === "ledger" ? null : (
      <p class="quiet">
        The ledger does not answer or has no counters yet: these figures are the books', some seconds behind.
      </p>
    )}
  </>
);

const Share: FC<{ readonly window: Window }> = ({ window: { limit, used, policy } }) =>
  limit === null || limit === 0 ? (
    <>–</>
  ) : (
    <>
      <meter
        class="meter"
        min={0}
        max={limit}
        value={Math.min(used, limit)}
        aria-label={`${NAMES[policy]}: share used`}
      />
      {ratio(used / limit)}
    </>
  );

const Outlook: FC<{ readonly window: Window; readonly nowMs: number }> = ({ window, nowMs }) => {
  if (window.policy === "burst") return <span class="quiet">comes back by the second</span>;
  const outlook = projected(window, quotaWindow(window.policy, nowMs).startMs, nowMs);
  return <span class={outlook.kind === "runs-out" || outlook.kind === "gone" ? "bad" : ""}>{said(outlook)}</span>;
};

function said(outlook: Projection): string {
  switch (outlook.kind) {
    case "unlimited":
      return "no quota";
    case "unused":
      return "nothing used yet";
    case "gone":
      return "used up";
    case "lasts":
      return "lasts";
    case "runs-out":
      return `runs out ${timeOf(outlook.atMs)}`;
    default:
      return outlook satisfies never;
  }
}
