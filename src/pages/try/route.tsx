import { Hono, type Context } from "hono";
import { clientAddress } from "../../core/address-group.ts";
import { problems } from "../../core/problem.ts";
import type { AskPubliclyPorts } from "../ask-publicly.ts";
import { pageResponse } from "../render.ts";
import { readForm } from "../session/read-form.ts";
import type { SessionEnv } from "../session/request.ts";
import { tryPublicly, tryWithKey, type Attempt, type DataPlane } from "./attempts.ts";
import { TryPage } from "./result.tsx";
import { chosenIn, type Chosen } from "./samples.ts";

export type TryPorts = AskPubliclyPorts & { readonly data: DataPlane };

/** Calls that a visitor tries: at the public tenant's expense, or with a key of their own where there is none that pays. */
export const tryRoute = (s: TryPorts) => {
  const isOpen = s.publicTenantId !== undefined;
  const publicly = tryPublicly(s);
  return new Hono<SessionEnv>()
    .get("/", async (c) => {
      const asked = new URLSearchParams(new URL(c.req.url).search);
      if (!isOpen || !asked.has("endpoint")) return shown(c, { isOpen });
      const chosen = chosenIn(asked);
      const visit = {
        requestId: c.get("requestId"),
        address: clientAddress(c.req.raw.headers),
        background: (promise: Promise<unknown>) => c.executionCtx.waitUntil(promise),
      };
      return shown(c, { isOpen, tried: { chosen, attempt: await publicly(chosen, visit) } });
    })
    .post("/", ...readForm(), async (c) => {
      if (isOpen) throw problems.methodNotAllowed("GET, HEAD");
      const chosen = chosenIn(c.var.form);
      const key = (c.var.form.get("key") ?? "").trim();
      const sent = { key, request: c.req.raw, env: c.env, context: c.executionCtx as ExecutionContext };
      return shown(c, { isOpen, tried: { chosen, attempt: await tryWithKey(s, chosen, sent) } });
    })
    .all("/", () => {
      throw problems.methodNotAllowed(isOpen ? "GET, HEAD" : "GET, HEAD, POST");
    });
};

type Shown = { readonly isOpen: boolean; readonly tried?: { readonly chosen: Chosen; readonly attempt: Attempt } };

/** 200 whatever the answer was: the page is about it. */
function shown(c: Context<SessionEnv>, { isOpen, tried }: Shown): Response {
  const { origin } = new URL(c.req.url);
  return pageResponse(<TryPage isOpen={isOpen} origin={origin} tried={tried} />);
}
