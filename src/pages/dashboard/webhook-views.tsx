import type { FC } from "hono/jsx";
import { DeliveryView, EventType, PLATFORM_EVENTS, type WebhookView } from "../../core/resources.ts";
import { CsrfField, Destroy } from "../session/form.tsx";
import type { Guarded } from "../session/request.ts";
import { count, time } from "../say.ts";
import { Table } from "../table.tsx";

/** What a tenant may hear of. */
const EVENTS = EventType.options.filter((event) => !PLATFORM_EVENTS.includes(event));

type ListProps = { readonly webhooks: readonly WebhookView[]; readonly guard: () => Guarded };

export const WebhookList: FC<ListProps> = ({ webhooks, guard }) => (
  <Table
    caption="Webhooks, without their secrets"
    columns={[
      { head: "URL", wraps: true },
      { head: "Hears of", wraps: true },
      { head: "Made" },
      { head: "Remove", wraps: true },
    ]}
    empty="There is no webhook yet."
    rows={webhooks.map(({ id, url, events, created_at }) => [
      <code>{url}</code>,
      events.join(", "),
      time(created_at),
      <Destroy
        ask="Its secret is erased, and what is still to be delivered to it is given up."
        button="Remove"
        action={`/dashboard/webhooks/${id}/remove`}
        by={guard()}
      />,
    ])}
  />
);

export const NewWebhookForm: FC<{ readonly by: Guarded; readonly given: URLSearchParams }> = ({ by, given }) => (
  <details open={given.has("url")}>
    <summary>Have events sent to a URL</summary>
    <form method="post" action="/dashboard/webhooks">
      <CsrfField by={by} />
      <label class="field">
        <span>URL</span>
        <input
          name="url"
          required
          inputmode="url"
          value={given.get("url") ?? ""}
          placeholder="https://app.example.com/hooks"
        />
        <span class="hint">
          https on port 443, by a public name. Deliveries are signed by Standard Webhooks, and cost no credits.
        </span>
      </label>
      <fieldset>
        <legend>Events</legend>
        {EVENTS.map((event) => (
          <p>
            <label>
              <input
                type="checkbox"
                name="events"
                value={event}
                checked={given.has("url") ? given.getAll("events").includes(event) : true}
              />{" "}
              <code>{event}</code>
            </label>
          </p>
        ))}
      </fieldset>
      <button type="submit">Make webhook</button>
    </form>
  </details>
);

type DeliveriesProps = ListProps & {
  readonly deliveries: readonly DeliveryView[];
  readonly status: string | undefined;
};

export const Deliveries: FC<DeliveriesProps> = ({ deliveries, webhooks, status, guard }) => (
  <>
    <form class="line" method="get" action="/dashboard/webhooks">
      <label class="field">
        <span>State</span>
        <select name="status">
          <option value="">any</option>
          {DeliveryView.entries.status.options.map((one) => (
            <option value={one} selected={one === status}>
              {one}
            </option>
          ))}
        </select>
      </label>
      <button class="plain" type="submit">
        Show
      </button>
    </form>
    <p class="quiet">
      What was delivered or given up can be sent again, with all attempts before it. That costs no credits.
    </p>
    <Table
      caption="Deliveries, newest first"
      columns={[
        { head: "Made" },
        { head: "Event" },
        { head: "To", wraps: true },
        { head: "State" },
        { head: "Attempts", isNumber: true },
        { head: "Last reply" },
        { head: "Again" },
      ]}
      rows={deliveries.map((delivery) => [
        time(delivery.created_at),
        delivery.event,
        webhooks.find(({ id }) => id === delivery.webhook_id)?.url ?? "a webhook that was removed",
        <span class={`badge ${BADGES[delivery.status]}`}>{delivery.status}</span>,
        count(delivery.attempts),
        delivery.last_status === null ? "none" : String(delivery.last_status),
        delivery.status === "pending" ? "" : <Replay id={delivery.id} by={guard()} />,
      ])}
    />
  </>
);

const BADGES = { pending: "quiet", delivered: "good", dead: "bad" } as const;

const Replay: FC<{ readonly id: string; readonly by: Guarded }> = ({ id, by }) => (
  <form method="post" action={`/dashboard/webhooks/deliveries/${id}/replay`}>
    <CsrfField by={by} />
    <button class="plain" type="submit">
      Send again
    </button>
  </form>
);
