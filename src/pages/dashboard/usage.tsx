import { Hono } from "hono";
import type { FC } from "hono/jsx";
import { toCsv } from "../../core/csv.ts";
import type { Problem } from "../../core/problem.ts";
import { UsageView } from "../../core/statement-resources.ts";
import { pageResponse } from "../render.ts";
import { attempt } from "../session/attempt.ts";
import { Refusal } from "../session/form.tsx";
import type { SessionEnv } from "../session/request.ts";
import { signedIn, type SignedInPorts } from "../session/signed-in.ts";
import { Dashboard } from "./frame.tsx";
import { ByDay, Figures, UsageTable } from "./usage-views.tsx";

type Asked = Readonly<Record<"from" | "to" | "group", string>>;

/** What was used between two days, to look at and to take away. Which days there are, and how many at most, `/v1` says. */
export const usageRoute = (s: SignedInPorts) =>
  new Hono<SessionEnv>()
    .get("/usage", ...signedIn(s, "tenant"), async (c) => {
      const { ask, session: who, guard } = c.var;
      const asked = askedFor(c.req.query());
      const usage = await attempt(ask.get(pathOf(asked), UsageView));
      const page = (
        <Dashboard title="Usage" part="/dashboard/usage" who={who} guard={guard}>
          {usage.kind === "done" ? (
            <Used asked={asked} usage={usage.value} />
          ) : (
            <Span asked={asked} problem={usage.problem} />
          )}
        </Dashboard>
      );
      return pageResponse(page, usage.kind === "done" ? {} : usage.problem);
    })
    .get("/usage.csv", ...signedIn(s, "tenant"), async (c) => {
      const usage = await c.var.ask.get(pathOf(askedFor(c.req.query())), UsageView);
      return new Response(csvOf(usage), {
        headers: {
          "content-type": "text/csv; charset=utf-8",
          "content-disposition": `attachment; filename="usage-${usage.from}-${usage.to}-by-${usage.group}.csv"`,
          "cache-control": "no-store",
          "x-content-type-options": "nosniff",
        },
      });
    });

function askedFor({ from = "", to = "", group = "" }: Readonly<Record<string, string>>): Asked {
  return { from, to, group };
}

/** What a form leaves empty is as if it was not asked for. */
function pathOf(asked: Asked): string {
  const query = new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== ""));
  return `/v1/usage?${query.toString()}`;
}

const Used: FC<{ readonly asked: Asked; readonly usage: UsageView }> = ({ asked, usage }) => {
  const shown = { from: usage.from, to: usage.to, group: usage.group };
  const query = new URLSearchParams(shown).toString();
  return (
    <>
      <Span asked={{ ...asked, ...shown }} />
      <Figures usage={usage} />
      {usage.group === "day" ? (
        <ByDay id="usage" usage={usage} isOpen />
      ) : (
        <UsageTable
          usage={usage}
          caption={`Usage by ${usage.group}, ${usage.from} to ${usage.to}`}
          head={LABELS[usage.group]}
        />
      )}
      <p class="actions">
        <a class="button plain" href={`/dashboard/usage.csv?${query}`}>
          Download as CSV
        </a>
      </p>
    </>
  );
};

const LABELS: Readonly<Record<UsageView["group"], string>> = { day: "Day", endpoint: "Endpoint", key: "Key" };

/** Which days, and by what. */
const Span: FC<{ readonly asked: Asked; readonly problem?: Problem }> = ({ asked, problem }) => (
  <>
    <Refusal problem={problem} />
    <form class="line" method="get" action="/dashboard/usage">
      <label class="field">
        <span>From, UTC</span>
        <input name="from" type="date" value={asked.from} />
      </label>
      <label class="field">
        <span>To, included</span>
        <input name="to" type="date" value={asked.to} />
      </label>
      <label class="field">
        <span>By</span>
        <select name="group">
          {Object.entries(LABELS).map(([group, label]) => (
            <option value={group} selected={group === asked.group}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <button type="submit">Show</button>
    </form>
  </>
);

function csvOf({ group, data }: UsageView): string {
  const names = [
    "calls",
    "hits",
    "hit_ratio",
    "credits_charged",
    "credits_on_own_key",
    "credits_in_doubt",
    "credits_saved",
    "amount_cents",
  ] as const;
  return toCsv([[group, ...names], ...data.map((row) => [row.group, ...names.map((name) => row[name])])]);
}
