import type { FC } from "hono/jsx";
import { DeadMessageState, type DeadMessageRow, type DeadMessageView } from "../../core/dead-message.ts";
import { count, time } from "../say.ts";
import { Table } from "../table.tsx";
import { CsrfField, Destroy } from "../session/form.tsx";
import type { Guarded } from "../session/request.ts";

const BADGES = { buried: "bad", replayed: "good", dropped: "quiet" } as const;

/** Which of them are shown. */
export const StateForm: FC<{ readonly state: string | undefined }> = ({ state }) => (
  <form class="line" method="get" action="/dashboard/operator/dead-messages">
    <label class="field">
      <span>State</span>
      <select name="state">
        <option value="">any</option>
        {DeadMessageState.options.map((one) => (
          <option value={one} selected={one === state}>
            {one}
          </option>
        ))}
      </select>
    </label>
    <button class="plain" type="submit">
      Show
    </button>
  </form>
);

export const DeadMessageTable: FC<{ readonly messages: readonly DeadMessageRow[] }> = ({ messages }) => (
  <Table
    caption="Messages that no consumer could take, newest first"
    columns={[
      { head: "Buried" },
      { head: "Queue" },
      { head: "State" },
      { head: "Why", wraps: true },
      { head: "Begins", wraps: true },
      { head: "Replays", isNumber: true },
    ]}
    empty="There is none: every message was taken."
    rows={messages.map((message) => [
      <a href={`/dashboard/operator/dead-messages/${message.id}`}>{time(message.buried_at)}</a>,
      message.queue,
      <span class={`badge ${BADGES[message.state]}`}>{message.state}</span>,
      message.reason,
      <code>{message.excerpt.slice(0, 120)}</code>,
      count(message.replays),
    ])}
  />
);

type OneProps = { readonly of: DeadMessageView; readonly guard: () => Guarded };

/** One message with its whole body, and what may be done with it. */
export const DeadMessage: FC<OneProps> = ({ of: message, guard }) => (
  <>
    <p class="lead">{message.reason}</p>
    <p>
      <span class={`badge ${BADGES[message.state]}`}>{message.state}</span> From {message.queue}, as{" "}
      <code>{message.message_id}</code>, buried {time(message.buried_at)}
      {message.replayed_at === null ? "" : `, replayed ${time(message.replayed_at)}, ${message.replays} in all`}
      {message.dropped_at === null ? "" : `, dropped ${time(message.dropped_at)}`}.
    </p>
    <h2>Body</h2>
    <pre class="scroll" tabindex={0} role="region" aria-label="Body of the message">
      {JSON.stringify(message.body, null, 2)}
    </pre>
    {message.state === "dropped" ? null : <Replay id={message.id} by={guard()} />}
    {message.state === "buried" ? (
      <Destroy
        ask="It is never sent again, and what it says is never recorded. If it is a credit, nobody is charged for it."
        button="Drop this message"
        action={`/dashboard/operator/dead-messages/${message.id}/drop`}
        by={guard()}
      />
    ) : null}
  </>
);

const Replay: FC<{ readonly id: string; readonly by: Guarded }> = ({ id, by }) => (
  <form method="post" action={`/dashboard/operator/dead-messages/${id}/replay`}>
    <CsrfField by={by} />
    <p class="quiet">It goes to its queue again. What is recorded already is not recorded twice.</p>
    <button type="submit">Replay</button>
  </form>
);
