import { Hono } from "hono";
import type { SignInProvider } from "../../core/sign-in.ts";
import { isUuid } from "../../core/uuid7.ts";
import { pageResponse } from "../render.ts";
import { beginSession } from "./begin-session.ts";
import { forgetSession, keepSession } from "./cookie.ts";
import { providerRoute } from "./provider.tsx";
import { readForm } from "./read-form.ts";
import { refuseForeign } from "./refuse-foreign.ts";
import type { SessionEnv } from "./request.ts";
import { SIGN_IN, signedIn, type SignedInPorts } from "./signed-in.ts";
import { refusedPage, SignInPage, TOO_LONG } from "./sign-in-page.tsx";

/** `signInProvider` is nothing where no identity provider is configured. */
export type SignInPorts = SignedInPorts & { readonly signInProvider: SignInProvider | undefined };

const OVER = "You were signed out: your key or token is not valid any more.";

/** Sign-in with a key or the operator's token, and sign-out. The limit of `/v1` on who has no valid credential is the limit here. */
export const signInRoute = (s: SignInPorts) => {
  const { signInProvider } = s;
  const route = new Hono<SessionEnv>()
    .get("/sign-in", (c) => {
      const { over, tenant = "" } = c.req.query();
      const provider = isUuid(tenant) ? `/dashboard/oidc?tenant=${tenant}` : "/dashboard/oidc";
      const props = { because: over === undefined ? undefined : OVER, provider: signInProvider && provider };
      return pageResponse(<SignInPage {...props} />);
    })
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
  return signInProvider === undefined ? route : route.route("/oidc", providerRoute({ ...s, signInProvider }));
};
