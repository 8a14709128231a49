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
import { beginAt, refusedPage, SignInPage, TOO_LONG } from "./sign-in-page.tsx";

/** `signInProvider` is nothing where no identity provider is configured. */
export type SignInPorts = SignedInPorts & { readonly signInProvider: SignInProvider | undefined };

const OVER = "You were signed out: your key or token is not valid any more.";

/** Sign-in with a key or the operator's token, and sign-out. The limit of `/v1` on who has no valid credential is the limit here. */
export const signInRoute = (s: SignInPorts) => {
  const { signInProvider } = s;
  const provider = (tenantId: string | null) => signInProvider && beginAt(tenantId);
  const route = new Hono<SessionEnv>()
    .get("/sign-in", (c) => {
      const { over, tenant = "" } = c.req.query();
      const because = over === undefined ? undefined : OVER;
      return pageResponse(<SignInPage because={because} provider={provider(isUuid(tenant) ? tenant : null)} />);
    })
    .post("/sign-in", refuseForeign(), ...readForm(), async (c) => {
      const credential = (c.var.form.get("key") ?? "").trim();
      const begun = await beginSession(s, c, { credential, tenantId: null });
      if (begun.kind === "refused") return refusedPage(begun, provider(null));
      if (!(await keepSession(s, c, begun.session))) return refusedPage(TOO_LONG, provider(null));
      return c.redirect(begun.session.kind === "operator" ? "/dashboard/operator" : "/dashboard", 303);
    })
    .post("/sign-out", ...signedIn(s, "anything"), (c) => {
      forgetSession(c);
      return c.redirect(SIGN_IN, 303);
    });
  return signInProvider === undefined ? route : route.route("/oidc", providerRoute({ ...s, signInProvider }));
};
