import { Hono, type Context } from "hono";
import { DeadMessageRow, DeadMessageView } from "../../core/dead-message.ts";
import type { Problem } from "../../core/problem.ts";
import { Done } from "../dashboard/done.tsx";
import { listPath, pageOf, Paging } from "../dashboard/paging.tsx";
import { pageResponse } from "../render.ts";
import { attempt, sentBy } from "../session/attempt.ts";
import { Refusal } from "../session/form.tsx";
import type { SessionEnv } from "../session/request.ts";
import { signedIn, type SignedInPorts } from "../session/signed-in.ts";
import { DeadMessage, DeadMessageTable, StateForm } from "./dead-message-views.tsx";
import { askForAll, Operator } from "./frame.tsx";

const PATH = "/dashboard/operator/dead-messages";
const DONE = {
  replayed: "It is on its way to its queue again. What cannot be recorded then either is buried as a new message.",
  dropped: "It is dropped. It stays to be read for a while.",
};

/** What no consumer could take: looked at, sent again, or dropped. */
export const deadMessagesRoute = (s: SignedInPorts) =>
  new Hono<SessionEnv>()
    .use(...signedIn(s, "platform"))
    .get("/", async (c) => {
      const query = { state: c.req.query("state"), cursor: c.req.query("cursor") };
      const asked = listPath("/v1/dead-messages", query);
      const { data, next_cursor: next } = await askForAll(s, c).get(asked, pageOf(DeadMessageRow));
      return pageResponse(
        <Operator title="Dead messages" part={PATH} c={c}>
          <Done done={c.req.query("done")} words={DONE} />
          <StateForm state={query.state} />
          <DeadMessageTable messages={data} />
          <Paging path={PATH} next={next} query={query} />
        </Operator>,
      );
    })
    .get("/:id", (c) => one(s, c))
    .post("/:id/replay", async (c) => {
      const replayed = await attempt(askForAll(s, c).send(`POST ${pathOf(c)}/replay`, DeadMessageRow, sentBy(c)));
      return replayed.kind === "done" ? c.redirect(`${PATH}?done=replayed`, 303) : one(s, c, replayed.problem);
    })
    .post("/:id/drop", async (c) => {
      const dropped = await attempt(askForAll(s, c).send(`DELETE ${pathOf(c)}`, DeadMessageRow, sentBy(c)));
      return dropped.kind === "done" ? c.redirect(`${PATH}?done=dropped`, 303) : one(s, c, dropped.problem);
    });

function pathOf(c: Context<SessionEnv>): string {
  return `/v1/dead-messages/${encodeURIComponent(c.req.param("id") ?? "")}`;
}

async function one(s: SignedInPorts, c: Context<SessionEnv>, problem?: Problem): Promise<Response> {
  const message = await askForAll(s, c).get(pathOf(c), DeadMessageView);
  const page = (
    <Operator title="Dead message" part={PATH} c={c}>
      <Refusal problem={problem} />
      <DeadMessage of={message} guard={c.var.guard} />
    </Operator>
  );
  return pageResponse(page, problem);
}
