import { Hono } from "hono";
import { pageResponse } from "../render.ts";
import { beginSession, type Refused } from "./begin-session.ts";
import { forgetSession, keepSession } from "./cookie.ts";
import { readForm } from "./read-form.ts";
import { refuseForeign } from "./refuse-foreign.ts";
import type { SessionEnv } from "./request.ts";
import { SIGN_IN, signedIn, type SignedInPorts } from "./signed-in.ts";
import { SignInPage } from "./sign-in-page.tsx";

const OVER = "You were signed out: your key or token is not valid any more.";
const TOO_LONG: Refused = {
  kind: "refused",
  because: "The token is longer than a cookie may be. Its issuer has to put fewer claims into it.",
  status: 400,
};

/** Sign-in with a key or the operator's token, and sign-out. The limit of `/v1` on who has no valid credential is the limit here. */
export const signInRoute = (s: SignedInPorts) =>
  new Hono<SessionEnv>()
    .get("/sign-in", (c) => pageResponse(<SignInPage because={c.req.query("over") === undefined ? undefined : OVER} />))
    .post("/sign-in", refuseForeign(), ...readForm(), async (c) => {
      const credential = (c.var.form.get("key") ?? "").trim();
      const begun = await beginSession(s, c, { credential, tenantId: null });
      if (begun.kind === "refused") return refusedPage(begun);
      if (!(await keepSession(s, c, begun.session))) return refusedPage(TOO_LONG);
      return c.redirect(begun.session.kind === "operator" ? "/dashboard/operator" : "/dashboard", 303);
    })
    .post("/sign-out", ...signedIn(s, "anything"), (c) => {
      forgetSession(c);
      return c.redirect(SIGN_IN, 303);
    });

function refusedPage({ because, problem, status }: Refused): Response {
  const again = problem?.retryAfterSeconds;
  const headers = again === undefined ? {} : { "retry-after": String(again) };
  return pageResponse(<SignInPage because={because} />, { status, headers });
}
