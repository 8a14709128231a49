import type { FC } from "hono/jsx";
import type { BacklogName, BacklogView, HotAnswer, PlatformHealth } from "../../core/platform-resources.ts";
import type { PlatformKeyView } from "../../core/resources.ts";
import { count, time } from "../say.ts";
import { Table } from "../table.tsx";
import { CsrfField } from "../session/form.tsx";
import type { Guarded } from "../session/request.ts";

/** Whether each part answers that the gateway stands on. */
export const Health: FC<{ readonly health: PlatformHealth }> = ({ health }) => (
  <Table
    caption="Parts that the gateway stands on, as of the last seconds"
    columns={[{ head: "Part" }, { head: "State" }]}
    rows={Object.entries(health.parts).map(([name, state]) => [
      name,
      <span class={`badge ${state === "ok" ? "good" : "bad"}`}>{state === "ok" ? "answers" : "does not answer"}</span>,
    ])}
  />
);

type KeysProps = { readonly keys: readonly PlatformKeyView[]; readonly guard: () => Guarded };

/** The platform's upstream keys: how full, and what stands against them. */
export const UpstreamKeys: FC<KeysProps> = ({ keys, guard }) => (
  <>
    <Table
      caption="The platform's upstream keys, with their dispatches of the last minute"
      columns={[
        { head: "Key" },
        { head: "State" },
        { head: "Load", isNumber: true },
        { head: "Cap", isNumber: true },
        { head: "Share used" },
        { head: "Why", wraps: true },
        { head: "Asked again" },
        { head: "Restore" },
      ]}
      rows={keys.map((key) => [
        <code>{key.id}</code>,
        <span class={`badge ${KEY_BADGES[key.state]}`}>{key.state}</span>,
        count(key.load),
        count(key.cap),
        <meter
          class="meter"
          min={0}
          max={Math.max(1, key.cap)}
          value={Math.min(key.load, key.cap)}
          aria-label={`Load of ${key.id}`}
        />,
        key.reason ?? "–",
        time(key.until),
        key.state === "in-use" ? "–" : <Restore id={key.id} by={guard()} />,
      ])}
    />
    {keys.every(({ state }) => state === "in-use") ? null : (
      <p class="quiet">Using a key again costs nothing by itself: the next call that is given to it is its trial.</p>
    )}
  </>
);

const KEY_BADGES = { "in-use": "good", cooling: "warn", failing: "warn", out: "bad" } as const;

const Restore: FC<{ readonly id: string; readonly by: Guarded }> = ({ id, by }) => (
  <form method="post" action={`/dashboard/operator/upstream-keys/${id}/restore`}>
    <CsrfField by={by} />
    <button class="plain" type="submit">
      Use it now
    </button>
  </form>
);

const NAMES: Readonly<Record<BacklogName, string>> = {
  reservations: "Open reservations",
  outbox: "Outbox: settled, not known to be in the books",
  "webhook-events": "Events that webhooks were not told of",
  "webhook-deliveries": "Deliveries past their time",
  "dead-messages": "Dead messages to be decided on",
};

/** What waits, as far as a Worker can know. */
export const Backlog: FC<{ readonly backlog: BacklogView; readonly nowMs: number }> = ({ backlog, nowMs }) => (
  <>
    <Table
      caption="What waits to be gone on with"
      columns={[{ head: "What" }, { head: "How many", isNumber: true }, { head: "Since" }, { head: "Age" }]}
      rows={backlog.data.map(({ name, waiting, since }) => [
        name === "dead-messages" ? (
          <a href="/dashboard/operator/dead-messages?state=buried">{NAMES[name]}</a>
        ) : (
          NAMES[name]
        ),
        waiting === null ? <span class="badge bad">does not answer</span> : count(waiting),
        time(since),
        since === null ? "–" : ageOf(nowMs - Date.parse(since)),
      ])}
    />
    <p class="quiet">
      How many messages Cloudflare's queues hold, a Worker cannot see: their own dashboard shows it. What is stuck there
      is seen here as an outbox, an event or a delivery that gets old.
    </p>
  </>
);

function ageOf(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}

/** What is asked for most, over all isolates. */
export const HotSet: FC<{ readonly hot: readonly HotAnswer[] }> = ({ hot }) => (
  <Table
    caption="Answers that are asked for most, hottest first"
    columns={[
      { head: "Call", wraps: true },
      { head: "In the view of", wraps: true },
      { head: "A minute", isNumber: true },
    ]}
    empty="Nothing was asked for of late, or nothing is counted: it is what warming goes by (PUBLIC_TENANT, WARM_BUDGET)."
    rows={hot.map(({ path, scope, per_minute }) => [<code>{path}</code>, <code>{scope}</code>, count(per_minute)])}
  />
);
