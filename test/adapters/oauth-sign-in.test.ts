import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { oauthSignIn } from "../../src/adapters/oauth-sign-in.ts";
import { AUDIENCE, startIssuer } from "../support/issuer.ts";
import { silentLog } from "../support/silent-log.ts";

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const REDIRECT = "https://edge.example/dashboard/oidc/callback";
const TOO_LONG = 65_537;

/** A token endpoint that does what a test says. */
let answer: Answer;
const server = createServer((request, response) => answer(request, response));
let tokenUrl: string;
let issuer: Awaited<ReturnType<typeof startIssuer>>;
beforeAll(async () => {
  issuer = await startIssuer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  tokenUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
});
afterAll(async () => {
  await issuer.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const signIn = (clientSecret?: string) =>
  oauthSignIn(
    {
      issuer: issuer.issuer,
      audience: AUDIENCE,
      clientId: "dashboard",
      clientSecret,
      authorizationUrl: `${issuer.authorizationUrl}?prompt=login`,
      tokenUrl,
      timeoutMs: 300,
    },
    silentLog,
  );

/** Begins, comes back with a code, and lets the token endpoint do its thing. */
async function finished(does: Answer, clientSecret?: string) {
  answer = does;
  const provider = signIn(clientSecret);
  const { proofs } = await provider.begin(REDIRECT);
  return { proofs, result: await provider.finish(`${REDIRECT}?code=code&state=${proofs.state}`, proofs) };
}

const json = (response: ServerResponse, status: number, body: unknown, headers = {}) =>
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));

describe("signing in with an identity provider", () => {
  it("begins with a challenge and never with its verifier, and keeps what the provider's address asks for", async () => {
    const { url, proofs } = await signIn().begin(REDIRECT);
    expect(Object.fromEntries(new URL(url).searchParams)).toMatchObject({
      prompt: "login",
      response_type: "code",
      client_id: "dashboard",
      redirect_uri: REDIRECT,
      state: proofs.state,
      nonce: proofs.nonce,
    });
    expect(url).not.toContain(proofs.verifier);
  });

  it.each([
    { endpoint: "never answers", does: () => undefined, is: "unavailable" },
    {
      endpoint: "says more than is taken",
      does: (_: IncomingMessage, response: ServerResponse) =>
        json(response, 200, { access_token: "t".repeat(TOO_LONG) }),
      is: "unavailable",
    },
    {
      endpoint: "hangs up",
      does: (request: IncomingMessage) => request.socket.destroy(),
      is: "unavailable",
    },
    {
      endpoint: "leads elsewhere, where the code must not go",
      does: (_: IncomingMessage, response: ServerResponse) =>
        json(response, 307, {}, { location: "http://127.0.0.1:1/" }),
      is: "refused",
    },
    {
      endpoint: "refuses the code",
      does: (_: IncomingMessage, response: ServerResponse) => json(response, 400, { error: "invalid_grant" }),
      is: "refused",
    },
    {
      endpoint: "has no id token",
      does: (_: IncomingMessage, response: ServerResponse) =>
        json(response, 200, { access_token: "opaque", token_type: "Bearer" }),
      is: "refused",
    },
  ] as const)("is $is when the token endpoint $endpoint", async ({ does, is }) => {
    expect((await finished(does)).result.kind).toBe(is);
  });

  it("reads no further than it takes, because a reply may have no end", async () => {
    let written = 0;
    const over = Promise.withResolvers<void>();
    const { result } = await finished((_request, response) => {
      const chunk = Buffer.alloc(65_536, "x");
      response.writeHead(200, { "content-type": "application/json" }).on("close", over.resolve);
      const write = () => {
        for (let isRoom = true; isRoom && !response.closed; written += chunk.length) isRoom = response.write(chunk);
      };
      response.on("drain", write);
      write();
    });
    await over.promise;
    expect(result.kind).toBe("unavailable");
    expect(written).toBeLessThan(4 * 1_048_576);
  });

  it("takes the access token when the id token is for the client alone, because /v1 takes its own audience only", async () => {
    answer = () => undefined;
    const provider = signIn("a secret");
    const { proofs } = await provider.begin(REDIRECT);
    let authorization: string | undefined;
    const idToken = await issuer.sign({ sub: "ann", aud: "dashboard", nonce: proofs.nonce });
    answer = (request, response) => {
      ({ authorization } = request.headers);
      json(response, 200, { access_token: "for-the-audience", token_type: "Bearer", id_token: idToken });
    };
    const result = await provider.finish(`${REDIRECT}?code=code&state=${proofs.state}`, proofs);
    expect(result).toEqual({ kind: "token", token: "for-the-audience" });
    expect(authorization, "the client's secret goes where RFC 6749 wants it first").toMatch(/^Basic /);
  });
});
