import { createServer } from "node:http";
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

/** An identity provider: publishes its keys over HTTP and signs tokens with them. */
export async function startIssuer() {
  let published: readonly object[] = [];
  let reads = 0;
  let answer: Answer = { status: 200 };
  const server = createServer((request, response) => {
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

  return {
    issuer,
    jwksUrl: `${issuer}/jwks`,
    reads: () => reads,
    /** What the next readings of the keys are answered with. */
    answerWith: (status: number, rest: Omit<Answer, "status"> = {}) => void (answer = { status, ...rest }),
    newSigner,
    /** Whose token it is when none is named. */
    first,
    publish: (...signers: readonly { readonly jwk: object }[]) => void (published = signers.map(({ jwk }) => jwk)),
    /** A token that is good unless `claims` say otherwise; a claim of undefined is left out. */
    sign: (claims: JWTPayload, { kid, alg, privateKey }: Signer = first) => {
      const now = Math.floor(Date.now() / 1_000);
      const payload = { iss: issuer, aud: AUDIENCE, iat: now, exp: now + 600, ...claims };
      return new SignJWT(payload).setProtectedHeader({ alg, kid }).sign(privateKey);
    },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
