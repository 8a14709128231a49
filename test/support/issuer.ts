import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from "jose";

export const AUDIENCE = "tikedge-tests";

type Signer = { readonly kid: string; readonly alg: string; readonly privateKey: CryptoKey };

/** An identity provider: publishes its keys over HTTP and signs tokens with them. */
export async function startIssuer() {
  let published: readonly object[] = [];
  let reads = 0;
  let status = 200;
  const server = createServer((_request, response) => {
    reads += 1;
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify({ keys: published }));
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
    answerWith: (next: number) => void (status = next),
    newSigner,
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
