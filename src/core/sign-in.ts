import * as v from "valibot";

/** Keys of the issuer's alone: a token signed with a shared secret, or with none, proves nothing here (RFC 8725, section 3.1). */
export const ISSUERS_ALGORITHMS: readonly string[] = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

/** What is remembered of a sign-in at the identity provider until the person comes back: RFC 7636's verifier, and OpenID Connect's state and nonce. */
export const PendingSignIn = v.object({
  state: v.string(),
  nonce: v.string(),
  verifier: v.string(),
  redirectUri: v.string(),
  /** Which tenant the person came for. */
  tenantId: v.nullable(v.string()),
  begunAtMs: v.number(),
});

export type PendingSignIn = v.InferOutput<typeof PendingSignIn>;

type Proofs = Pick<PendingSignIn, "state" | "nonce" | "verifier" | "redirectUri">;

export type FinishedSignIn =
  /** A token that `/v1` takes, once it has checked it. */
  | { readonly kind: "token"; readonly token: string }
  /** By the person, or by the provider: the way back was not the one that began. */
  | { readonly kind: "refused" }
  | { readonly kind: "unavailable" };

/** Where people sign in, by the authorization code flow with PKCE. Asks the provider once, when a person came back, and never again. */
export type SignInProvider = {
  /** Where to send a person, and what to remember until they are back. */
  begin(redirectUri: string): Promise<{ readonly url: string; readonly proofs: Proofs }>;
  /** Takes the whole address that they came back to. */
  finish(returnedTo: string, proofs: Proofs): Promise<FinishedSignIn>;
};
