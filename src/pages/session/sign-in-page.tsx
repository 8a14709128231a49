import type { Child, FC } from "hono/jsx";
import { Page } from "../layout.tsx";
import { pageResponse } from "../render.ts";
import type { Refused } from "./begin-session.ts";

type Props = {
  /** Why nobody is signed in yet, in words. */
  readonly because?: string | undefined;
  /** Where people sign in with the identity provider; nothing where there is none. */
  readonly provider: string | undefined;
};

/** Where a sign-in with the identity provider begins, for a tenant or for one that is chosen later. */
export function beginAt(tenantId: string | null): string {
  return tenantId === null ? "/dashboard/oidc" : `/dashboard/oidc?tenant=${tenantId}`;
}

/** Where one signs in. What was typed in is never shown again. */
export const SignInPage: FC<Props> = ({ because, provider }) => (
  <Page title="Sign in" description="Sign in to the dashboard with a gateway key that may manage its tenant.">
    <h1>Sign in</h1>
    {because === undefined ? null : <Because>{because}</Because>}
    <form method="post" action="/dashboard/sign-in">
      <label class="field">
        <span>Gateway key</span>
        <input name="key" type="password" required autocomplete="off" spellcheck={false} aria-describedby="key-hint" />
        <span class="hint" id="key-hint">
          A secret key, <code>tke_live_…</code>, with the permission <code>manage</code>. It is kept sealed in a cookie
          of this browser, for an hour after you were last here. When the key is revoked, you are signed out.
        </span>
      </label>
      <p class="actions">
        <button type="submit">Sign in</button>
        {provider === undefined ? null : (
          <a class="button plain" href={provider}>
            Sign in with your organisation
          </a>
        )}
      </p>
    </form>
    <p class="quiet">The operator signs in with the admin token.</p>
  </Page>
);

const Because: FC<{ readonly children?: Child }> = ({ children }) => (
  <div class="notice bad" role="alert">
    <p>{children}</p>
  </div>
);

export const TOO_LONG: Refused = {
  kind: "refused",
  because: "The token is longer than a cookie may be. Its issuer has to put fewer claims into it.",
  status: 400,
};

/** The page again, with why. */
export function refusedPage({ because, problem, status }: Refused, provider: Props["provider"]): Response {
  const { retryAfterSeconds } = problem ?? {};
  return pageResponse(<SignInPage because={because} provider={provider} />, { status, retryAfterSeconds });
}
