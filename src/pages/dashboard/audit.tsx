import { Hono } from "hono";
import { AuditView } from "../../core/resources.ts";
import { pageResponse } from "../render.ts";
import type { SessionEnv } from "../session/request.ts";
import { signedIn, type SignedInPorts } from "../session/signed-in.ts";
import { Dashboard } from "./frame.tsx";
import { listPath, pageOf, Paging } from "./paging.tsx";
import { time } from "../say.ts";
import { Table } from "../table.tsx";

const PATH = "/dashboard/audit";

/** Who did what, newest first. */
export const auditRoute = (s: SignedInPorts) =>
  new Hono<SessionEnv>().get("/", ...signedIn(s, "tenant"), async (c) => {
    const { ask, session: who, guard } = c.var;
    const query = { cursor: c.req.query("cursor") };
    const { data, next_cursor: next } = await ask.get(listPath("/v1/audit", query), pageOf(AuditView));
    return pageResponse(
      <Dashboard title="Audit log" part={PATH} who={who} guard={guard}>
        <p class="quiet">Written with every change, and never changed or deleted.</p>
        <Table
          caption="Changes, newest first"
          columns={[
            { head: "When" },
            { head: "Who" },
            { head: "Did" },
            { head: "On", wraps: true },
            { head: "Details", wraps: true },
            { head: "Request", wraps: true },
          ]}
          rows={data.map((row) => [
            time(row.at),
            `${row.actor_kind} ${row.actor_id}`,
            row.action,
            <code>{row.subject}</code>,
            <code>{JSON.stringify(row.detail)}</code>,
            <code>{row.request_id}</code>,
          ])}
        />
        <Paging path={PATH} next={next} query={query} />
      </Dashboard>,
    );
  });
