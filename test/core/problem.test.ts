import { describe, expect, it } from "vitest";
import type { Rate, RateDecision } from "../../src/core/ports.ts";
import { Problem, problems, toProblemBody } from "../../src/core/problem.ts";

const ours = (slug: string) => `https://tikedge.dev/problems/${slug}`;
const registered = (name: string) => `https://iana.org/assignments/http-problem-types#${name}`;

const refusedUntil = (resetAtMs: number) => ({ kind: "refused", limit: 600, remaining: 0, resetAtMs }) as const;
const allowed = { kind: "allowed", limit: 600, remaining: 5, resetAtMs: 0 } as const;
const burst = (decision: RateDecision): Rate => ({
  policy: "burst",
  bucket: { capacity: 600, refill: 10, everyMs: 1_000 },
  decision,
});
const ofKey = (decision: RateDecision): Rate => ({
  policy: "key",
  bucket: { capacity: 24, refill: 1, everyMs: 3_600_000 },
  decision,
});
const refused = [burst(refusedUntil(2_500))];

describe("the catalogue of problems", () => {
  it.each([
    { problem: problems.unknownEndpoint("/x"), status: 404, type: ours("unknown-endpoint") },
    { problem: problems.invalidParameters([]), status: 400, type: ours("invalid-parameters") },
    { problem: problems.uriTooLong(4_096), status: 414, type: ours("uri-too-long") },
    { problem: problems.methodNotAllowed("GET"), status: 405, type: ours("method-not-allowed") },
    { problem: problems.unauthorized(), status: 401, type: ours("unauthorized") },
    { problem: problems.forbidden("No."), status: 403, type: ours("forbidden") },
    { problem: problems.tenantSuspended(), status: 403, type: ours("tenant-suspended") },
    { problem: problems.trialEnded(), status: 403, type: ours("trial-ended") },
    { problem: problems.endpointNotAllowed("/userid/"), status: 403, type: ours("endpoint-not-allowed") },
    { problem: problems.originNotAllowed(), status: 403, type: ours("origin-not-allowed") },
    { problem: problems.rateExceeded(refused, 0), status: 429, type: registered("quota-exceeded"), retry: 3 },
    { problem: problems.tooManyUnidentified(), status: 429, type: registered("quota-exceeded"), retry: 60 },
    { problem: problems.identityUnavailable(), status: 503, type: ours("identity-unavailable"), retry: 2 },
    { problem: problems.cachesUnavailable(), status: 503, type: registered("temporary-reduced-capacity"), retry: 2 },
    { problem: problems.ledgerUnavailable(), status: 503, type: registered("temporary-reduced-capacity"), retry: 2 },
    { problem: problems.upstreamAccount(), status: 503, type: ours("upstream-account"), retry: 60 },
    { problem: problems.upstreamKeyUnavailable(), status: 503, type: ours("upstream-key-unavailable"), retry: 60 },
    { problem: problems.upstreamTimeout(), status: 504, type: ours("upstream-timeout"), retry: 2 },
    { problem: problems.upstreamUnreachable(), status: 502, type: ours("upstream-unreachable"), retry: 2 },
    { problem: problems.upstreamMalformed(), status: 502, type: ours("upstream-malformed"), retry: 2 },
    { problem: problems.upstreamRedirected(), status: 502, type: ours("upstream-redirected"), retry: 2 },
    { problem: problems.upstreamOversized(), status: 502, type: ours("upstream-oversized"), retry: 2 },
    { problem: problems.internal(), status: 500, type: ours("internal") },
  ])("has $type with status $status, because clients switch on both", ({ problem, status, type, retry }) => {
    expect(problem).toBeInstanceOf(Problem);
    expect(problem).toMatchObject({ status, type });
    expect(problem.retryAfterSeconds).toBe(retry);
    expect(toProblemBody(problem, "r-1")).toMatchObject({ type, status, title: problem.title, request_id: "r-1" });
  });
});

describe("a problem's body", () => {
  it("names each parameter and what is wrong with it", () => {
    const invalid = [{ name: "userid", reason: "is required" }];
    expect(toProblemBody(problems.invalidParameters(invalid), "")).toMatchObject({ invalid_parameters: invalid });
  });

  it("names the violated policy, as the registered type wants it", () => {
    const problem = problems.rateExceeded(refused, 0);
    expect(toProblemBody(problem, "")).toMatchObject({ "violated-policies": ["burst"] });
    expect(problem.headers["ratelimit"]).toBe('"burst";r=0;t=3');
  });

  it.each([
    { rates: [burst(allowed), ofKey(refusedUntil(9_000))], violated: ["key"], retry: 9 },
    { rates: [burst(refusedUntil(1_000)), ofKey(refusedUntil(9_000))], violated: ["burst", "key"], retry: 9 },
    { rates: [burst(refusedUntil(1_000)), ofKey(allowed)], violated: ["burst"], retry: 1 },
  ])("names $violated of two limits and the later of their times", ({ rates, violated, retry }) => {
    const problem = problems.rateExceeded(rates, 0);
    expect(problem.members).toEqual({ "violated-policies": violated });
    expect(problem.retryAfterSeconds).toBe(retry);
    expect(problem.headers["ratelimit-policy"]).toBe('"burst";q=600;w=60, "key";q=600;w=86400');
  });

  it("keeps its standard members whatever else it has", () => {
    const problem = new Problem({ type: "https://a/", title: "A", status: 400, detail: "a", members: { status: 200 } });
    expect(toProblemBody(problem, "r-1")["status"]).toBe(400);
  });

  it("repeats a path only so far, because a refusal must not outgrow the request", () => {
    expect(problems.unknownEndpoint("/".repeat(5_000)).detail.length).toBeLessThan(200);
  });
});

it("a refusal tells how to ask again: the methods, the kind of key, the endpoint that was meant", () => {
  expect(problems.methodNotAllowed("GET, HEAD").headers).toEqual({ allow: "GET, HEAD" });
  expect(problems.unauthorized().headers).toHaveProperty("www-authenticate");
  expect(problems.unknownEndpoint("/userid", "/userid/").detail).toContain("there is one at /userid/");
});

it("a refused client is never asked back at once, even when the bucket is about to fill", () => {
  expect(problems.rateExceeded([burst(refusedUntil(0))], 5_000).retryAfterSeconds).toBe(1);
});

it("says what the upstream took by its own word, because a text that denies a charge must be true", () => {
  expect(problems.upstreamMalformed(2).detail).toBe(
    "The upstream sent no complete JSON. It says that it took 2, which was charged.",
  );
  expect(problems.upstreamMalformed().detail).toContain("it was not charged");
});
