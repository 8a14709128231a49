import { Hono } from "hono";
import type { FC } from "hono/jsx";
import * as v from "valibot";
import { AlertView } from "../../core/resources.ts";
import { pageResponse } from "../render.ts";
import type { SessionEnv } from "../session/request.ts";
import { signedIn, type SignedInPorts } from "../session/signed-in.ts";
import { Dashboard } from "./frame.tsx";
import { listPath, pageOf, Paging } from "./paging.tsx";
import { count, time } from "../say.ts";
import { Table } from "../table.tsx";

const PATH = "/dashboard/alerts";

const Threshold = v.object({
  window: v.picklist(["daily", "monthly"]),
  threshold: v.number(),
  credits_used: v.number(),
  quota: v.number(),
  resets_at: v.string(),
});

/** What happened to the tenant that somebody should look at. */
export const alertsRoute = (s: SignedInPorts) =>
  new Hono<SessionEnv>().get("/", ...signedIn(s, "tenant"), async (c) => {
    const { ask, session: who, guard } = c.var;
    const query = { cursor: c.req.query("cursor") };
    const { data, next_cursor: next } = await ask.get(listPath("/v1/alerts", query), pageOf(AlertView));
    return pageResponse(
      <Dashboard title="Alerts" part={PATH} who={who} guard={guard}>
        <p class="quiet">
          Quotas that reached 50, 80 or 100 %, and upstream keys that were refused.{" "}
          <a href="/dashboard/webhooks">Webhooks</a> tell your own systems of them.
        </p>
        <Table
          caption="What happened, newest first"
          columns={[{ head: "When" }, { head: "What" }, { head: "Details", wraps: true }]}
          empty="Nothing has happened that you would have to look at."
          rows={data.map((alert) => [time(alert.at), <Severity of={alert} />, said(alert)])}
        />
        <Paging path={PATH} next={next} query={query} />
      </Dashboard>,
    );
  });

const Severity: FC<{ readonly of: AlertView }> = ({ of: { event, data } }) => {
  const isBad = event !== "quota.threshold" || data["threshold"] === 100;
  return <span class={`badge ${isBad ? "bad" : "warn"}`}>{event}</span>;
};

/** In words what is known here, and else as it was told. */
function said({ event, data }: AlertView): string {
  const threshold = v.safeParse(Threshold, data);
  if (event === "quota.threshold" && threshold.success) {
    const { window, threshold: percent, credits_used: used, quota, resets_at: resetsAt } = threshold.output;
    return `${percent} % of the ${window} quota: ${count(used)} of ${count(quota)} credits. It begins anew ${time(resetsAt)}.`;
  }
  if (event === "upstream_key.invalid")
    return "Your own upstream key was refused, and refused again when it was probed.";
  return JSON.stringify(data);
}
