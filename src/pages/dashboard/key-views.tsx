import type { FC } from "hono/jsx";
import type { KeyView } from "../../core/resources.ts";
import { CsrfField, Destroy } from "../session/form.tsx";
import type { Guarded } from "../session/request.ts";
import { called, count, time } from "../say.ts";
import { Table } from "../table.tsx";

/** A tenant's keys, those that ended too. */
export const KeyTable: FC<{ readonly keys: readonly KeyView[]; readonly nowMs: number }> = ({ keys, nowMs }) => (
  <Table
    caption="Gateway keys, without their secrets"
    columns={[
      { head: "Name", wraps: true },
      { head: "Key" },
      { head: "May" },
      { head: "Where", wraps: true },
      { head: "Last used" },
      { head: "State" },
    ]}
    empty="There is no key yet."
    rows={keys.map((key) => [
      <a href={`/dashboard/keys/${key.id}`}>{called(key)}</a>,
      <code>
        {key.id}…{key.last4}
      </code>,
      key.permissions.join(", "),
      whereOf(key),
      key.last_used_on ?? "never",
      <State state={stateOf(key, nowMs)} />,
    ])}
  />
);

function whereOf({ kind, endpoints, origins, daily_requests }: KeyView): string {
  const paths = endpoints === null ? "all endpoints" : endpoints.join(" ");
  return kind === "secret" ? paths : `${paths} from ${origins.join(" ")}, ${count(daily_requests)} a day`;
}

type KeyState = "works" | "ends" | "ended" | "revoked";

function stateOf({ revoked_at, expires_at }: KeyView, nowMs: number): KeyState {
  if (revoked_at !== null) return "revoked";
  if (expires_at === null) return "works";
  return Date.parse(expires_at) <= nowMs ? "ended" : "ends";
}

const State: FC<{ readonly state: KeyState }> = ({ state }) => (
  <span class={`badge ${state === "works" ? "good" : state === "ends" ? "warn" : "quiet"}`}>{state}</span>
);

type OneProps = {
  readonly of: KeyView;
  readonly nowMs: number;
  readonly guard: () => Guarded;
  /** Whether it is the one that somebody is signed in with. */
  readonly isOwn: boolean;
};

/** One key, and how it ends. */
export const OneKey: FC<OneProps> = ({ of: key, nowMs, guard, isOwn }) => {
  const state = stateOf(key, nowMs);
  return (
    <>
      <KeyTable keys={[key]} nowMs={nowMs} />
      <p>
        Made {time(key.created_at)}
        {key.expires_at === null ? "" : `, ends ${time(key.expires_at)}`}
        {key.revoked_at === null ? "" : `, revoked ${time(key.revoked_at)}`}.
      </p>
      {state === "works" || state === "ends" ? <Endings id={key.id} guard={guard} isOwn={isOwn} /> : null}
    </>
  );
};

const Endings: FC<{ readonly id: string } & Pick<OneProps, "guard" | "isOwn">> = ({ id, guard, isOwn }) => (
  <>
    <h2>Rotate</h2>
    <form method="post" action={`/dashboard/keys/${id}/rotate`}>
      <CsrfField by={guard()} />
      <label class="field">
        <span>Minutes for which both keys work</span>
        <input name="overlap_minutes" type="number" min={0} max={1_440} value="60" required />
        <span class="hint">
          Put the new key in place within that time: then this one ends by itself. Rotating costs no credits; the new
          key is shown once, on the next page.
        </span>
      </label>
      <button type="submit">Rotate</button>
    </form>
    <h2>Revoke</h2>
    <Destroy
      ask={`Whatever uses this key stops working within seconds, and the key cannot be brought back.${isOwn ? " It is the key that you are signed in with: you will be signed out." : ""}`}
      button="Revoke this key"
      action={`/dashboard/keys/${id}/revoke`}
      by={guard()}
    />
  </>
);
