import { Hono, type Context } from "hono";
import type { Child } from "hono/jsx";
import type { Problem } from "../../core/problem.ts";
import { BacklogView, HotAnswer, PlatformHealth, SpendingView } from "../../core/platform-resources.ts";
import { AlertView, PlatformKeyView } from "../../core/resources.ts";
import { Done } from "../dashboard/done.tsx";
import { pageOf } from "../dashboard/paging.tsx";
import { pageResponse } from "../render.ts";
import type { Ask } from "../session/ask.ts";
import { attempt, sentBy, type Attempted } from "../session/attempt.ts";
import { Refusal } from "../session/form.tsx";
import type { SessionEnv } from "../session/request.ts";
import { signedIn, type SignedInPorts } from "../session/signed-in.ts";
import { askForAll, Operator } from "./frame.tsx";
import { Backlog, Health, HotSet, UpstreamKeys } from "./deployment-views.tsx";
import { Happenings } from "./happenings.tsx";
import { Margins, SpendingTable } from "./spending-views.tsx";

const PATH = "/dashboard/operator";
const DONE = { restored: "The upstream key is in use again. If the upstream still refuses it, it is taken out again." };

/** What the operator looks at first. Each part is asked for by itself: what does not answer leaves the others to be read. */
export const deploymentRoute = (s: SignedInPorts) =>
  new Hono<SessionEnv>()
    .get("/", ...signedIn(s, "platform"), (c) => deployment(s, c))
    .post("/upstream-keys/:id/restore", ...signedIn(s, "platform"), async (c) => {
      const what = `POST /v1/platform-keys/${encodeURIComponent(c.req.param("id"))}/restore`;
      const restored = await attempt(askForAll(s, c).send(what, PlatformKeyView, sentBy(c)));
      return restored.kind === "done" ? c.redirect(`${PATH}?done=restored`, 303) : deployment(s, c, restored.problem);
    });

async function deployment(s: SignedInPorts, c: Context<SessionEnv>, problem?: Problem): Promise<Response> {
  const { health, spending, keys, backlog, alerts, hot } = await load(askForAll(s, c));
  const page = (
    <Operator title="Deployment" part={PATH} c={c}>
      <Done done={c.req.query("done")} words={DONE} />
      <Refusal problem={problem} />
      <h2>Health</h2>
      {shown(health, (value) => (
        <Health health={value} />
      ))}
      <h2>This month</h2>
      {shown(spending, (value) => (
        <>
          <Margins spending={value} />
          <SpendingTable spending={value} guard={c.var.guard} />
        </>
      ))}
      <h2>Upstream keys</h2>
      {shown(keys, ({ data }) => (
        <UpstreamKeys keys={data} guard={c.var.guard} />
      ))}
      <h2>What waits</h2>
      {shown(backlog, (value) => (
        <Backlog backlog={value} nowMs={s.clock()} />
      ))}
      <h2>What happened</h2>
      {shown(alerts, ({ data }) => (
        <Happenings alerts={data} />
      ))}
      <h2>The hot set</h2>
      {shown(hot, ({ data }) => (
        <HotSet hot={data} />
      ))}
    </Operator>
  );
  return pageResponse(page, problem);
}

async function load(ask: Ask) {
  const [health, spending, keys, backlog, alerts, hot] = await Promise.all([
    attempt(ask.get("/v1/platform/health", PlatformHealth)),
    attempt(ask.get("/v1/platform/spending?limit=10", SpendingView)),
    attempt(ask.get("/v1/platform-keys", pageOf(PlatformKeyView))),
    attempt(ask.get("/v1/platform/backlog", BacklogView)),
    attempt(ask.get("/v1/alerts?limit=10", pageOf(AlertView))),
    attempt(ask.get("/v1/platform/hot-set?limit=20", pageOf(HotAnswer))),
  ]);
  return { health, spending, keys, backlog, alerts, hot };
}

function shown<T>(attempted: Attempted<T>, show: (value: T) => Child): Child {
  return attempted.kind === "done" ? show(attempted.value) : <Refusal problem={attempted.problem} />;
}
