import { Hono } from "hono";
import { KeyView, TenantView } from "../../core/resources.ts";
import { LatencyView, QuotaView, UsageView } from "../../core/statement-resources.ts";
import { pageResponse } from "../render.ts";
import type { Ask } from "../session/ask.ts";
import type { SessionEnv } from "../session/request.ts";
import { signedIn, type SignedInPorts } from "../session/signed-in.ts";
import { Dashboard } from "./frame.tsx";
import { Latency } from "./latency.tsx";
import { pageOf } from "./paging.tsx";
import { Quotas } from "./quotas.tsx";
import { called } from "../say.ts";
import { ByDay, ByTier, Figures, Top } from "./usage-views.tsx";

/** What a tenant's owner looks at first: this month, in UTC, as the books have it. */
export const overviewRoute = (s: SignedInPorts) =>
  new Hono<SessionEnv>().get("/", ...signedIn(s, "tenant"), async (c) => {
    const { ask, guard, session } = c.var;
    const { tenant, quota, days, endpoints, keys, latency, names } = await load(ask);
    return pageResponse(
      <Dashboard title="Overview" part="/dashboard" who={session} guard={guard}>
        <p class="lead">
          <bdi>{tenant.name}</bdi>, plan {tenant.plan},{" "}
          {tenant.key_mode === "byo" ? "on its own upstream key" : "on shared upstream keys"}
        </p>
        <h2>This month</h2>
        <Figures usage={days} />
        <ByDay id="month" usage={days} />
        <h2>What is left</h2>
        <Quotas quota={quota} nowMs={s.clock()} />
        <h2>Where answers came from</h2>
        <ByTier usage={days} />
        <h2>How long they took</h2>
        <Latency latency={latency} />
        <h2>Top endpoints</h2>
        <Top usage={endpoints} caption="By credits charged, this month" head="Endpoint" />
        <h2>Top keys</h2>
        <Top
          usage={keys}
          caption="By credits charged, this month, of requests with a key"
          head="Key"
          nameOf={(id) => names.get(id) ?? id}
        />
      </Dashboard>,
    );
  });

async function load(ask: Ask) {
  const [tenant, quota, days, endpoints, keys, latency, named] = await Promise.all([
    ask.get("/v1/tenant", TenantView),
    ask.get("/v1/quota", QuotaView),
    ask.get("/v1/usage?group=day", UsageView),
    ask.get("/v1/usage?group=endpoint", UsageView),
    ask.get("/v1/usage?group=key", UsageView),
    ask.get("/v1/latency", LatencyView),
    ask.get("/v1/keys?limit=100", pageOf(KeyView)),
  ]);
  // Keys beyond the first hundred go by their ids.
  const names = namesOf(named.data);
  return { tenant, quota, days, endpoints, keys, latency, names };
}

/** Two keys may have one name: then their ids tell them apart. */
function namesOf(keys: readonly Pick<KeyView, "id" | "name">[]): ReadonlyMap<string, string> {
  const isShared = ({ name }: Pick<KeyView, "name">) => keys.filter((key) => key.name === name).length > 1;
  return new Map(keys.map((key) => [key.id, isShared(key) ? `${key.name} ${key.id}`.trim() : called(key)]));
}
