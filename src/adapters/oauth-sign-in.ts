import * as oauth from "oauth4webapi";
import { boundedBytes } from "../core/bounded-bytes.ts";
import type { Log } from "../core/ports.ts";
import { ISSUERS_ALGORITHMS, type FinishedSignIn, type SignInProvider } from "../core/sign-in.ts";

export type SignInSettings = {
  readonly issuer: string;
  /** One of `aud` of the tokens that `/v1` takes. */
  readonly audience: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  readonly authorizationUrl: string;
  readonly tokenUrl: string;
  /** For the exchange of a code, its body included. */
  readonly timeoutMs: number;
};

const MAX_REPLY_BYTES = 65_536;

/**
 * OpenID Connect's authorization code flow with PKCE. The token itself is checked by `/v1` with each question, as anybody's is; here it is
 * held against the nonce, so that nobody is given another's.
 */
export function oauthSignIn(settings: SignInSettings, log: Log): SignInProvider {
  return {
    async begin(redirectUri) {
      const proofs = {
        state: oauth.generateRandomState(),
        nonce: oauth.generateRandomNonce(),
        verifier: oauth.generateRandomCodeVerifier(),
        redirectUri,
      };
      const url = new URL(settings.authorizationUrl);
      const asked = {
        response_type: "code",
        client_id: settings.clientId,
        redirect_uri: redirectUri,
        scope: "openid",
        state: proofs.state,
        nonce: proofs.nonce,
        code_challenge: await oauth.calculatePKCECodeChallenge(proofs.verifier),
        code_challenge_method: "S256",
      };
      for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
      return { url: url.href, proofs };
    },
    async finish(returnedTo, proofs) {
      try {
        return await exchange(settings, new URL(returnedTo), proofs);
      } catch (error) {
        log.error("sign-in-failed", { error });
        return { kind: isRefusal(error) ? "refused" : "unavailable" };
      }
    },
  };
}

async function exchange(
  settings: SignInSettings,
  returnedTo: URL,
  { state, nonce, verifier, redirectUri }: Parameters<SignInProvider["finish"]>[1],
): Promise<FinishedSignIn> {
  const { issuer, clientId, clientSecret, tokenUrl } = settings;
  const server = {
    issuer,
    token_endpoint: tokenUrl,
    id_token_signing_alg_values_supported: [...ISSUERS_ALGORITHMS],
  };
  const client = { client_id: clientId };
  const authentication = clientSecret === undefined ? oauth.None() : oauth.ClientSecretBasic(clientSecret);
  const code = oauth.validateAuthResponse(server, client, returnedTo, state);
  const reply = await oauth.authorizationCodeGrantRequest(server, client, authentication, code, redirectUri, verifier, {
    [oauth.customFetch]: boundedFetch(settings.timeoutMs),
    // A provider on one's own machine; the settings take no other one without https.
    [oauth.allowInsecureRequests]: tokenUrl.startsWith("http:"),
  });
  // With a nonce, an id token has to be there.
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, reply, { expectedNonce: nonce });
  const audiences = [oauth.getValidatedIdTokenClaims(tokens)?.aud].flat();
  const token = audiences.includes(settings.audience) ? tokens.id_token : tokens.access_token;
  return token === undefined ? { kind: "refused" } : { kind: "token", token };
}

/** One request: no redirect is followed with the code, and what is too long or too late is as if it had not come. */
function boundedFetch(timeoutMs: number) {
  return async (url: string, init: oauth.CustomFetchOptions<"POST", URLSearchParams>): Promise<Response> => {
    const { method, headers, body } = init;
    const signal = AbortSignal.timeout(timeoutMs);
    const reply = await fetch(url, { method, headers, body, redirect: "manual", signal });
    const bytes = await boundedBytes(reply, MAX_REPLY_BYTES);
    if (bytes === undefined) throw new Error("the identity provider's reply is too long");
    return new Response(bytes, { status: reply.status, headers: reply.headers });
  };
}

function isRefusal(error: unknown): boolean {
  return [
    oauth.AuthorizationResponseError,
    oauth.ResponseBodyError,
    oauth.OperationProcessingError,
    oauth.WWWAuthenticateChallengeError,
  ].some((kind) => error instanceof kind);
}
