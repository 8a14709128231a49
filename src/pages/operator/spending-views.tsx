import type { FC } from "hono/jsx";
import type { SpendingView, TenantSpending } from "../../core/platform-resources.ts";
import { count, money } from "../say.ts";
import { Table } from "../table.tsx";
import { Figure } from "../dashboard/usage-views.tsx";
import { CsrfField } from "../session/form.tsx";
import type { Guarded } from "../session/request.ts";

type Props = { readonly spending: SpendingView };

/** What the month comes to over all tenants. */
export const Margins: FC<Props> = ({ spending: { total } }) => (
  <dl class="cards">
    <Figure name="To be billed" value={money(total.amount_cents)} />
    <Figure name="Upstream's cost" value={money(total.upstream_cents)} />
    <Figure name="Margin" value={money(total.margin_cents)} />
    <Figure name="Credits charged" value={count(total.credits_charged)} />
    <Figure name="Tenants" value={count(total.tenants)} />
  </dl>
);

/** Tenants by what they spent, and what each is worth. */
export const SpendingTable: FC<Props & { readonly guard: () => Guarded }> = ({ spending, guard }) => (
  <>
    <Table
      caption={`Tenants in ${spending.month}, those that spent most first`}
      columns={[
        { head: "Tenant", wraps: true },
        { head: "Plan" },
        { head: "Credits charged", isNumber: true },
        { head: "On own key", isNumber: true },
        { head: "In doubt", isNumber: true },
        { head: "To be billed", isNumber: true },
        { head: "Upstream's cost", isNumber: true },
        { head: "Margin", isNumber: true },
        { head: "Dashboard" },
      ]}
      empty="There is no tenant yet."
      rows={spending.data.map((row) => [
        <Name of={row} />,
        row.plan,
        count(row.credits_charged),
        count(row.credits_on_own_key),
        count(row.credits_in_doubt),
        money(row.amount_cents),
        money(row.upstream_cents),
        <span class={row.margin_cents < 0 ? "bad" : ""}>{money(row.margin_cents)}</span>,
        row.status === "deleted" ? "–" : <LookAt id={row.tenant_id} name={row.tenant} by={guard()} />,
      ])}
    />
    <p class="quiet">
      The margin is what the invoice of the month would come to now, less{" "}
      {money(spending.upstream_cents_per_thousand_credits)} for each thousand credits charged on the platform's keys.
      What is in doubt is in neither.
    </p>
  </>
);

const Name: FC<{ readonly of: TenantSpending }> = ({ of: { tenant, status } }) =>
  status === "active" ? (
    <>{tenant}</>
  ) : (
    <>
      {tenant} <span class="badge warn">{status}</span>
    </>
  );

const LookAt: FC<{ readonly id: string; readonly name: string; readonly by: Guarded }> = ({ id, name, by }) => (
  <form method="post" action="/dashboard/tenant">
    <CsrfField by={by} />
    <input type="hidden" name="tenant" value={id} />
    <button class="plain" type="submit" aria-label={`Open the dashboard of ${name}`}>
      Open
    </button>
  </form>
);
