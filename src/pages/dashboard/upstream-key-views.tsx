import type { FC } from "hono/jsx";
import * as v from "valibot";
import {
  ProbeView,
  type UpstreamKeySwap,
  type UpstreamKeyVersion,
  type UpstreamKeyView,
} from "../../core/resources.ts";
import { CsrfField, Destroy } from "../session/form.tsx";
import type { Guarded } from "../session/request.ts";
import { count, time } from "../say.ts";
import { Table } from "../table.tsx";

/** What probing cost, if a refusal says so. */
const Cost = v.object({ probes: v.array(ProbeView), credits_charged: v.number() });

/** Which key pays now. */
export const Standing: FC<{ readonly state: UpstreamKeyView }> = ({ state: { mode, active, allowed } }) => {
  if (mode === "shared")
    return (
      <p class="lead">
        The platform's keys pay for your calls.{" "}
        {allowed ? "You may bring a key of your own." : "Your plan has no key of your own."}
      </p>
    );
  if (active === null)
    return (
      <div class="notice bad" role="status">
        <p>
          Your own key was found invalid, and nothing pays for new calls. Paste another one, or go back to the
          platform's keys.
        </p>
      </div>
    );
  return (
    <p class="lead">
      Your own key <code>…{active.last4}</code> pays for your calls, {tierOf(active)}.
    </p>
  );
};

/** Every key that there was, newest first. */
export const Versions: FC<{ readonly versions: readonly UpstreamKeyVersion[] }> = ({ versions }) => (
  <Table
    caption="Versions of your own key, without the keys"
    columns={[
      { head: "Version", isNumber: true },
      { head: "Key" },
      { head: "State" },
      { head: "Download tier" },
      { head: "Brought" },
      { head: "Why it is not in use" },
    ]}
    empty="You never brought a key."
    rows={versions.map((version) => [
      count(version.version),
      <code>…{version.last4}</code>,
      <span class={`badge ${version.status === "active" ? "good" : version.status === "invalid" ? "bad" : "quiet"}`}>
        {version.status}
      </span>,
      tierOf(version),
      time(version.created_at),
      version.reason ?? "",
    ])}
  />
);

function tierOf({ download_tier }: UpstreamKeyVersion): string {
  return download_tier ? "with download links" : "without download links";
}

/** What came of a key that was taken. */
export const Swapped: FC<{ readonly swap: UpstreamKeySwap }> = ({ swap }) => (
  <>
    <div class="notice" role="status">
      <p>
        The key <code>…{swap.active.last4}</code> works and pays from now on, {tierOf(swap.active)}. What began on the
        one before ends on it.
      </p>
    </div>
    <Probes of={swap} />
  </>
);

/** What was asked to learn of a key, and what that cost. */
export const Probes: FC<{ readonly of: unknown }> = ({ of }) => {
  if (!v.is(Cost, of) || of.probes.length === 0) return null;
  return (
    <Table
      caption={`What probing the key cost: ${count(of.credits_charged)} credits of that key`}
      columns={[
        { head: "Asked" },
        { head: "Answer" },
        { head: "Credits", isNumber: true },
        { head: "In doubt", isNumber: true },
      ]}
      rows={of.probes.map((probe) => [
        probe.endpoint,
        probe.outcome.replaceAll("_", " "),
        count(probe.credits_charged),
        count(probe.credits_in_doubt),
      ])}
    />
  );
};

type PasteProps = { readonly by: Guarded; readonly mode: UpstreamKeyView["mode"] };

export const PasteForm: FC<PasteProps> = ({ by, mode }) => (
  <>
    <h2>{mode === "byo" ? "Replace your key" : "Bring your own key"}</h2>
    <form method="post" action="/dashboard/upstream-key">
      <CsrfField by={by} />
      <label class="field">
        <span>TikLiveAPI key</span>
        <input name="key" type="password" required autocomplete="off" spellcheck={false} />
        <span class="hint">
          It is probed before it is used, which may cost two credits of that key. Then it pays for all of your calls,
          and your answers are kept apart from other tenants' unless Settings say otherwise. It is kept encrypted and
          never shown again.
        </span>
      </label>
      <button type="submit">Probe and use this key</button>
    </form>
  </>
);

export const SharedForm: FC<{ readonly by: Guarded }> = ({ by }) => (
  <>
    <h2>Go back to the platform's keys</h2>
    <Destroy
      ask="Your own key is erased here and cannot be brought back but by pasting it again. From then on your plan's quotas apply, and its credits are counted and charged."
      button="Erase my key"
      action="/dashboard/upstream-key/remove"
      by={by}
    />
  </>
);
