import { Hono } from "hono";
import * as v from "valibot";
import { pathOf } from "../core/canonical.ts";
import type { Waiting } from "../core/platform-ports.ts";
import { BacklogName, BacklogView, HotAnswer, PlatformHealth, SpendingView } from "../core/platform-resources.ts";
import { spendingOf } from "../core/platform-spending.ts";
import { readIdentity } from "../core/read-identity.ts";
import type { Services } from "../core/services.ts";
import type { Hot } from "../core/warm-ports.ts";
import { authorize } from "./authorize.ts";
import { query } from "./describe.ts";
import { healthOf } from "./health.ts";
import type { AdminEnv } from "./request.ts";
import { pageAsked, Paged, PageQuery } from "./shapes.ts";

/** So many tenants are summed: more than an operator reads about, and what one reply of Postgres brings. */
const MOST_TENANTS = 5_000;

const MINUTE_MS = 60_000;

const LimitQuery = v.strictObject({ limit: PageQuery(v.string()).entries.limit });

export type PlatformPorts = Pick<
  Services,
  | ("platformBooks" | "ledgerBacklog" | "hotSet" | "parts" | "tenants" | "users" | "log")
  | ("clock" | "healthMs" | "namespaceVersion" | "upstreamCentsPerThousand" | "publicTenantId")
>;

/** The deployment as its operator sees it: what it earns and costs, what answers, what waits, and what is asked for most. */
export const platformRoute = (s: PlatformPorts) => {
  const [may, health] = [authorize(s), healthOf(s)];
  return new Hono<AdminEnv>()
    .get(
      "/spending",
      may("platform.spending", {
        summary: "Read what each tenant spent and is worth in this month, those that spent most first",
        responses: { 200: SpendingView },
      }),
      query(LimitQuery),
      async (c) => {
        const { limit } = pageAsked(c.req.valid("query"));
        const { upstreamCentsPerThousand, publicTenantId, clock } = s;
        const tenants = await s.platformBooks.spending(MOST_TENANTS);
        return c.json(spendingOf(tenants, { upstreamCentsPerThousand, publicTenantId, limit, nowMs: clock() }));
      },
    )
    .get(
      "/backlog",
      may("platform.backlog", {
        summary:
          "Read what waits to be gone on with, and since when. Of queues it is unknown: a Worker does not see them",
        responses: { 200: BacklogView },
      }),
      async (c) => c.json({ data: await backlogOf(s) }),
    )
    .get(
      "/health",
      may("platform.health", { summary: "Read which parts answer", responses: { 200: PlatformHealth } }),
      async (c) => c.json(await health()),
    )
    .get(
      "/hot-set",
      may("platform.hot-set", {
        summary: "List the answers that are asked for most, hottest first",
        responses: { 200: Paged(HotAnswer) },
      }),
      query(LimitQuery),
      async (c) => {
        const hottest = await s.hotSet.hottest(pageAsked(c.req.valid("query")).limit);
        return c.json({ data: hottest.flatMap((hot) => hotAnswer(hot, s.namespaceVersion)), next_cursor: null });
      },
    );
};

/** What one store does not say leaves what the other says to be read: that is when the operator looks. */
async function backlogOf({ platformBooks, ledgerBacklog, log }: PlatformPorts): Promise<BacklogView["data"]> {
  const read = await Promise.allSettled([ledgerBacklog.backlog(), platformBooks.backlog()]);
  for (const each of read) if (each.status === "rejected") log.error("backlog-not-read", { error: each.reason });
  const known = read.flatMap((each): readonly Waiting[] => (each.status === "fulfilled" ? each.value : []));
  return BacklogName.options.map((name) => {
    const { waiting = null, sinceMs = null } = known.find((each) => each.name === name) ?? {};
    return { name, waiting, since: sinceMs === null ? null : new Date(sinceMs).toISOString() };
  });
}

/** Nothing of what another version or namespace is asked for. */
function hotAnswer({ identity, perMs }: Hot, namespaceVersion: string): readonly HotAnswer[] {
  const named = readIdentity(identity, namespaceVersion);
  if (named === undefined) return [];
  return [{ scope: named.key.scope, path: pathOf(named.call), per_minute: Math.round(perMs * MINUTE_MS * 100) / 100 }];
}
