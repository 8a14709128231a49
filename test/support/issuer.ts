import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from "jose";

export const AUDIENCE = "tikedge-tests";

/** A place that answers with the keys whatever the usual one does. */
export const MOVED = "/moved";

type Answer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly besides?: object;
};

type Signer = { readonly kid: string; readonly alg: string; readonly privateKey: CryptoKey };

/** Where people sign in, and where a code becomes a token. */
const AUTHORIZE = "/authorize";
const TOKEN = "/token";

/** An identity provider: publishes its keys over HTTP, signs tokens with them, and lets people sign in whom a test names. */
export async function startIssuer() {
  let published: readonly object[] = [];
  let reads = 0;
  let answer: Answer = { status: 200 };
  const people = signingIn((claims) => sign(claims));
  const server = createServer((request, response) => {
    if (people.take(request, response)) return;
    reads += 1;
    const { status, headers = {}, besides = {} } = request.url === MOVED ? { status: 200 } : answer;
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify({ keys: published, ...besides }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const newSigner = async (kid: string, alg = "ES256"): Promise<Signer & { readonly jwk: object }> => {
    const { publicKey, privateKey } = await generateKeyPair(alg);
    return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
  };
  const first = await newSigner("first");
  published = [first.jwk];

  const sign = (claims: JWTPayload, { kid, alg, privateKey }: Signer = first) => {
    const now = Math.floor(Date.now() / 1_000);
    const payload = { iss: issuer, aud: AUDIENCE, iat: now, exp: now + 600, ...claims };
    return new SignJWT(payload).setProtectedHeader({ alg, kid }).sign(privateKey);
  };

  return {
    issuer,
    jwksUrl: `${issuer}/jwks`,
    authorizationUrl: `${issuer}${AUTHORIZE}`,
    tokenUrl: `${issuer}${TOKEN}`,
    /** Who signs in next, and what their token says besides. */
    signsIn: people.signsIn,
    /** Every token that was given for a code. */
    tokens: people.tokens,
    reads: () => reads,
    /** What the next readings of the keys are answered with. */
    answerWith: (status: number, rest: Omit<Answer, "status"> = {}) => void (answer = { status, ...rest }),
    newSigner,
    /** Whose token it is when none is named. */
    first,
    publish: (...signers: readonly { readonly jwk: object }[]) => void (published = signers.map(({ jwk }) => jwk)),
    /** A token that is good unless `claims` say otherwise; a claim of undefined is left out. */
    sign,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

/** The authorization code flow with PKCE, strict about what it is asked. */
function signingIn(sign: (claims: JWTPayload) => Promise<string>) {
  let claims: JWTPayload = {};
  const codes = new Map<string, URLSearchParams>();
  const tokens: string[] = [];

  const authorize = (asked: URLSearchParams, response: ServerResponse) => {
    const code = randomUUID();
    codes.set(code, asked);
    const back = new URL(asked.get("redirect_uri") ?? "");
    for (const [name, value] of Object.entries({ code, state: asked.get("state") ?? "" }))
      back.searchParams.set(name, value);
    response.writeHead(302, { location: back.href }).end();
  };
  const exchange = async (given: URLSearchParams, response: ServerResponse) => {
    const asked = codes.get(given.get("code") ?? "");
    codes.delete(given.get("code") ?? "");
    const challenge = createHash("sha256")
      .update(given.get("code_verifier") ?? "")
      .digest("base64url");
    const isHis = ["client_id", "redirect_uri"].every((name) => asked?.get(name) === given.get(name));
    const isGood = isHis && asked?.get("code_challenge_method") === "S256" && asked.get("code_challenge") === challenge;
    response.writeHead(isGood ? 200 : 400, { "content-type": "application/json" });
    if (!isGood) return response.end(JSON.stringify({ error: "invalid_grant" }));
    const token = await sign({ nonce: asked.get("nonce"), ...claims });
    tokens.push(token);
    return response.end(JSON.stringify({ access_token: "opaque", token_type: "Bearer", id_token: token }));
  };
  return {
    tokens,
    signsIn: (next: JWTPayload) => void (claims = next),
    /** Whether the request was about signing in. */
    take: (request: IncomingMessage, response: ServerResponse): boolean => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://issuer");
      if (pathname === AUTHORIZE) authorize(searchParams, response);
      if (pathname === TOKEN) void textOf(request).then((text) => exchange(new URLSearchParams(text), response));
      return pathname === AUTHORIZE || pathname === TOKEN;
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}
