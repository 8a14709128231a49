import { rateLimitFields, secondsUntil } from "./http-fields.ts";
import type { Outcome } from "./charge.ts";
import type { InvalidParameter } from "./parameters.ts";
import type { Quotas, Reservation } from "./ledger.ts";
import type { Rate } from "./ports.ts";
import { Problem, type Described } from "./problem-details.ts";
import { quotaWindow } from "./quota.ts";
import { statedQuotas, statedUpstream } from "./stated-limits.ts";
import { isRepeatablePath } from "./repeatable.ts";
import type { ProbeView } from "./resources.ts";

export { Problem, toProblemBody } from "./problem-details.ts";

/** Types of this registry come from the IETF's RateLimit draft, section 6. */
const REGISTRY = "https://iana.org/assignments/http-problem-types";

/** A fault of ours is over in seconds, as a rule; an upstream account waits for its operator. */
const SOON = { retryAfterSeconds: 2 };
const LATER = { retryAfterSeconds: 60 };

type Rest = Omit<Described, "type" | "status" | "title">;

/** What was spent to learn of a key. */
type Cost = { readonly probes: readonly ProbeView[]; readonly credits_charged: number };

const USED_UP: Readonly<Record<Rate["policy"], string>> = {
  burst: "This tenant's burst allowance is used up.",
  key: "This key's requests of the day are used up.",
  control: "This caller's requests to the control plane come too fast.",
};

/** Every problem there is. A text here is public: it names what is wrong, and nothing that is somebody's secret. */
export const problems = {
  unknownEndpoint: (path: string, meant?: string) =>
    problem(404, "unknown-endpoint", "Unknown endpoint", {
      detail: `There is no ${isRepeatablePath(path) ? `endpoint ${path}` : "such endpoint"}${meant === undefined ? "" : `; there is one at ${meant}`}.`,
    }),
  invalidParameters: (invalid: readonly InvalidParameter[]) =>
    problem(400, "invalid-parameters", "Invalid parameters", {
      detail: "Nothing was sent or charged. The parameters named are unknown, repeated, missing or malformed.",
      members: { invalid_parameters: invalid },
    }),
  uriTooLong: (limit: number) =>
    problem(414, "uri-too-long", "URL too long", { detail: `A URL has at most ${limit} characters.` }),
  methodNotAllowed: (allow: string) =>
    problem(405, "method-not-allowed", "Method not allowed", { detail: `Allowed: ${allow}.`, headers: { allow } }),
  /** One text for every kind of wrong key, so that nobody learns which part of a guess was right. */
  unauthorized: () =>
    problem(401, "unauthorized", "No valid API key", {
      detail: "Send one valid API key, once, as X-Api-Key or as Authorization: Bearer.",
      headers: { "www-authenticate": 'Bearer realm="tikedge"' },
    }),
  forbidden: (detail: string) => problem(403, "forbidden", "Not permitted", { detail }),
  foreignForm: () =>
    problem(403, "foreign-form", "Form not accepted", {
      detail:
        "This form was not sent by a page of this session. Nothing was done. Go back, load the page again, and send it anew.",
    }),
  tenantSuspended: () =>
    problem(403, "tenant-suspended", "Tenant suspended", {
      detail: "This tenant is suspended. Its keys work again when the operator lifts that.",
    }),
  trialEnded: () =>
    problem(403, "trial-ended", "Trial ended", {
      detail: "This tenant's trial is over. Its keys work again once it has a plan.",
    }),
  endpointNotAllowed: (path: string) =>
    problem(403, "endpoint-not-allowed", "Endpoint not allowed", { detail: `This key may not ask ${path}.` }),
  originNotAllowed: () =>
    problem(403, "origin-not-allowed", "Origin not allowed", {
      detail: "This is a publishable key, and the request does not come from a page of one of its origins.",
    }),
  /** Of the limits that a request met, at least one of which refused it. */
  rateExceeded,
  tooManyUnidentified: () =>
    quotaExceeded(["unidentified"], {
      detail: "Too many requests without a valid key came from this address.",
      ...LATER,
    }),
  identityUnavailable: () =>
    problem(503, "identity-unavailable", "Keys cannot be checked", {
      detail: "This key could not be checked just now. Nothing was charged.",
      ...SOON,
    }),
  publicNotSetUp: () =>
    problem(503, "public-not-set-up", "Public pages are not set up", {
      detail: "There is no tenant here that pays for what the public asks.",
    }),
  /** Whatever kept it from being fetched: a stranger learns no more. 503, since a cache in front may serve what it has in place of that. */
  publicNotReady: (retryAfterSeconds?: number) =>
    reducedCapacity("This is not at hand, and nothing can be fetched for it just now.", retryAfterSeconds),
  cachesUnavailable: () =>
    reducedCapacity("The shared cache does not answer, so this may be paid for already. Nothing was charged."),
  /** A quota of the tenant's, and what is left of the others. */
  quotaSpent,
  /** The upstream key has no room for this tenant. */
  upstreamBusy,
  upstreamResting: (inMs: number) =>
    problem(503, "upstream-resting", "The upstream rests", {
      detail: "The upstream failed too often of late and is given a rest. Nothing was sent or charged.",
      retryAfterSeconds: Math.max(1, Math.ceil(inMs / 1_000)),
    }),
  joinedInVain: () =>
    reducedCapacity(
      "Another request is fetching the same, and no answer of it came in time. Nothing was charged for this one.",
    ),
  /** RFC 9111, section 5.2.1.7. */
  notCached: () =>
    problem(504, "not-cached", "Not cached", {
      detail: "The request wants what is cached only, and nothing is that may be served. Nothing was sent or charged.",
    }),
  /** Another request for the same was answered so: nobody repeats it for a moment. */
  upstreamFailedJustNow: (outcome: Outcome, status: number) =>
    problem(statusJustNow(outcome, status), "upstream-failed", "The upstream failed just now", {
      detail: `Another request for the same failed a moment ago (${outcome.replaceAll("_", " ")}). Nothing was sent or charged for this one.`,
      ...SOON,
    }),
  ledgerUnavailable: () =>
    reducedCapacity("The ledger does not answer, so no credit can be reserved. Nothing was charged."),
  upstreamAccount: () =>
    problem(503, "upstream-account", "Upstream account refused", {
      detail: "The upstream refused the account that pays for this request. The operator has to act.",
      ...LATER,
    }),
  upstreamKeyUnavailable: () =>
    problem(503, "upstream-key-unavailable", "No upstream key", {
      detail: "There is no usable upstream key for this tenant. Nothing was sent or charged.",
      ...LATER,
    }),
  upstreamTimeout: () => upstreamFailed(504, "upstream-timeout", "did not answer in time"),
  upstreamUnreachable: () => upstreamFailed(502, "upstream-unreachable", "could not be reached"),
  /** `charged`: what the upstream says that it took all the same, credits. */
  upstreamMalformed: (charged = 0) => upstreamFailed(502, "upstream-malformed", "sent no complete JSON", charged),
  upstreamRedirected: () => upstreamFailed(502, "upstream-redirected", "answered with a redirect"),
  upstreamOversized: () => upstreamFailed(502, "upstream-oversized", "sent more than is taken"),
  bodyTooLarge: (limit: number) =>
    problem(413, "body-too-large", "Body too large", { detail: `A body has at most ${limit} bytes.` }),
  unsupportedMediaType: () =>
    problem(415, "unsupported-media-type", "Unsupported media type", { detail: "A body is application/json." }),
  malformedJson: () => problem(400, "malformed-json", "Malformed JSON", { detail: "The body is not a JSON object." }),
  /** One text for what is somebody else's and for what is not there. */
  notFound: () => problem(404, "not-found", "Not found", { detail: "There is nothing with this id." }),
  noInvoice: () =>
    problem(404, "not-found", "Not found", {
      detail: "There is no invoice of this month: the tenant was not there, or the month has not begun.",
    }),
  tenantRequired: () =>
    problem(400, "tenant-required", "No tenant named", {
      detail: "Name the tenant in the header Tikedge-Tenant.",
    }),
  tenantOfKey: () =>
    problem(400, "tenant-not-allowed", "Tenant not allowed", {
      detail: "A key acts for its own tenant: leave out the header Tikedge-Tenant.",
    }),
  conflict: (because: string) => problem(409, "conflict", "Conflict", { detail: because }),
  upstreamKeyOnTrial: () =>
    problem(409, "upstream-key-on-trial", "Another key is on trial", {
      detail: "An upstream key of this tenant is being probed just now. Nothing was sent or charged.",
      ...SOON,
    }),
  upstreamKeyRejected: (cost: Cost) =>
    problem(422, "upstream-key-rejected", "Upstream key rejected", {
      detail: `The upstream refused this key, so it is not used. What its probes cost is in "probes".`,
      members: cost,
    }),
  upstreamKeyNotProbed: (cost: Cost) =>
    problem(503, "upstream-key-not-probed", "Upstream key not probed", {
      detail: `The upstream said nothing of this key, so it is not used. What its probes cost is in "probes".`,
      members: cost,
      ...SOON,
    }),
  idempotencyKeyReused: () =>
    problem(422, "idempotency-key-reused", "Idempotency key reused", {
      detail: "This Idempotency-Key was used for another request. Nothing was done.",
    }),
  /** Of what was only read nothing can have been done. */
  databaseUnavailable: (isRead: boolean) =>
    reducedCapacity(
      isRead
        ? "The database does not answer just now."
        : "The database does not answer. Whether it was done is not known: repeat it with the same Idempotency-Key.",
    ),
  purgeUnavailable: () =>
    reducedCapacity("Redis does not answer, so nothing is known to be purged. Purging again does no harm."),
  queueUnavailable: () => reducedCapacity("The queue does not take the message. Nothing was done."),
  identityTokensUnavailable: () =>
    problem(503, "identity-unavailable", "Tokens cannot be checked", {
      detail: "The identity provider's keys could not be read just now.",
      ...SOON,
    }),
  internal: () =>
    problem(500, "internal", "Internal error", {
      detail: "Something broke on our side. The request id finds it in our log.",
    }),
} as const;

function rateExceeded(rates: readonly Rate[], nowMs: number): Problem {
  const refusals = rates.flatMap(({ policy, decision }) =>
    decision.kind === "refused" ? [{ policy, seconds: secondsUntil(decision.resetAtMs, nowMs) }] : [],
  );
  const policies = refusals.map(({ policy }) => policy);
  return quotaExceeded(policies, {
    detail: policies.map((policy) => USED_UP[policy]).join(" "),
    headers: rateLimitFields(rates, nowMs),
    retryAfterSeconds: Math.max(1, ...refusals.map(({ seconds }) => seconds)),
  });
}

type Met = { readonly rates: readonly Rate[]; readonly quotas: Quotas; readonly nowMs: number };

function quotaSpent(spent: Extract<Reservation, { kind: "spent" }>, { rates, quotas, nowMs }: Met): Problem {
  const { quota } = spent;
  const { endMs } = quotaWindow(quota, spent.nowMs);
  return quotaExceeded([quota], {
    detail: `This tenant's ${quota} quota of ${quotas[quota] ?? 0} credits has too little left. It begins anew at ${new Date(endMs).toISOString()}.`,
    headers: rateLimitFields(rates, nowMs, statedQuotas(quotas, nowMs, spent)),
    retryAfterSeconds: Math.max(1, secondsUntil(endMs, spent.nowMs)),
  });
}

function upstreamBusy({ inMs, cap }: Extract<Reservation, { kind: "busy" }>, { rates, quotas, nowMs }: Met): Problem {
  const upstream = statedUpstream(cap, inMs);
  return quotaExceeded(["upstream"], {
    detail: "The upstream key has no room for more of this tenant's calls just now. Nothing was sent or charged.",
    headers: rateLimitFields(rates, nowMs, [...statedQuotas(quotas, nowMs, undefined), upstream]),
    retryAfterSeconds: Math.max(1, Math.ceil(inMs / 1_000)),
  });
}

/** What the upstream has against the request itself it would have against this one. */
function statusJustNow(outcome: Outcome, status: number): number {
  if (outcome === "client_error") return status;
  return outcome === "timeout" ? 504 : 502;
}

function problem(status: number, slug: string, title: string, rest: Rest): Problem {
  return new Problem({ type: `https://tikedge.dev/problems/${slug}`, status, title, ...rest });
}

function quotaExceeded(policies: readonly string[], rest: Rest): Problem {
  const members = { "violated-policies": policies };
  return new Problem({ type: `${REGISTRY}#quota-exceeded`, status: 429, title: "Quota exceeded", members, ...rest });
}

function reducedCapacity(detail: string, retryAfterSeconds = SOON.retryAfterSeconds): Problem {
  const type = `${REGISTRY}#temporary-reduced-capacity`;
  return new Problem({ type, status: 503, title: "Temporarily reduced capacity", detail, retryAfterSeconds });
}

/** What these failures cost is in doubt, so the text claims no more. */
function upstreamFailed(status: number, slug: string, what: string, charged = 0): Problem {
  const doubt = "Whether it took the credit is in doubt; it was not charged.";
  const cost = charged > 0 ? `It says that it took ${charged}, which was charged.` : doubt;
  return problem(status, slug, `The upstream ${what}`, { detail: `The upstream ${what}. ${cost}`, ...SOON });
}
