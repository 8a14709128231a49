import type { FC } from "hono/jsx";
import type { TenantView } from "../../core/resources.ts";
import { CsrfField } from "../session/form.tsx";
import type { Guarded } from "../session/request.ts";

type Props = { readonly by: Guarded; readonly tenant: TenantView };

const ACTION = "/dashboard/settings";

/** What the tenant is called. */
export const NameForm: FC<Props> = ({ by, tenant }) => (
  <>
    <h2>Name</h2>
    <form class="line" method="post" action={ACTION}>
      <CsrfField by={by} />
      <label class="field">
        <span>What this tenant is called</span>
        <input name="name" required maxlength={100} value={tenant.name} />
      </label>
      <button type="submit">Rename</button>
    </form>
    <p class="quiet">Renaming costs nothing, and changes no key.</p>
  </>
);

/** Whose answers it reads and writes. */
export const ScopeForm: FC<Props> = ({ by, tenant: { cache_scope: scope, key_mode: mode, region } }) => (
  <>
    <h2>Cache scope</h2>
    <form method="post" action={ACTION}>
      <CsrfField by={by} />
      <fieldset>
        <legend>Whose cached answers you get</legend>
        <Choice value="pool" current={scope}>
          the pool of the region <code>{region}</code>: what any of its tenants paid for, you get as a hit, and the
          other way round.
          {mode === "byo" ? " What your own key pays for is then given to the other tenants of the pool, too." : ""}
        </Choice>
        <Choice value="tenant" current={scope}>
          this tenant's own: nobody else gets what you paid for, and each first call is yours to pay.
        </Choice>
      </fieldset>
      <p class="quiet">
        Changing it costs nothing by itself. What is cached for you now is then out of reach, so the next call of each
        kind is fetched, and charged.
      </p>
      <button type="submit">Change the scope</button>
    </form>
  </>
);

const Choice: FC<{ readonly value: string; readonly current: string; readonly children?: unknown }> = ({
  value,
  current,
  children,
}) => (
  <p>
    <label>
      <input type="radio" name="cache_scope" value={value} checked={value === current} /> <code>{value}</code>,{" "}
      {children}
    </label>
  </p>
);
