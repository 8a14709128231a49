import type { Context } from "hono";
import type { AnswerPorts, Ask } from "../answer/answer.ts";
import type { PoolSettings } from "../answer/payer.ts";
import { canonicalJson } from "../core/canonical-json.ts";
import type { Alongside, LeasedLimiter } from "../core/ports.ts";
import { answerCall } from "./answer-call.ts";
import { begin, type BeginProxyPorts } from "./begin.ts";
import { identify, type Identified } from "./identify.ts";
import { limitRate, type Rating } from "./limit-rate.ts";
import { meter, type MeterPorts } from "./meter.ts";
import { noteAsk, type NoteAskPorts } from "./note-ask.ts";
import type { ReadKeyPorts } from "./read-key.ts";
import type { Asked, Identity, ProxyEnv, ProxyRequest } from "./request.ts";
import { resolveCall } from "./resolve-call.ts";
import { respond } from "./respond.ts";
import { screen } from "./screen.ts";
import { answerPreflight, type ShareOriginPorts } from "./share-origin.ts";

export type ProxyPorts = BeginProxyPorts &
  ShareOriginPorts &
  ReadKeyPorts &
  AnswerPorts &
  PoolSettings &
  MeterPorts &
  NoteAskPorts & { readonly leasedLimiter: LeasedLimiter };

/**
 * The path of a request, top to bottom. Order is meaning: see README, "Life of a request". The steps are plain functions and no middlewares of
 * the framework: a hit in memory goes through all of them and waits for none.
 */
export const proxyRoute = (s: ProxyPorts) => {
  const first = { begin: begin(s), answerPreflight: answerPreflight(s), identify: identify(s) };
  const follow = followingSteps(s);
  return async function proxy(c: Context<ProxyEnv>): Promise<Response> {
    const request = first.begin(c);
    if (request.method === "OPTIONS") return first.answerPreflight(request);
    screen(request);
    const identified = await first.identify(request, (pageOrigin) => c.set("pageOrigin", pageOrigin));
    const { identity, alongside, confirmed } = identified;
    if (confirmed === undefined) return follow({ request, identity, pageOrigin: c.get("pageOrigin") });
    return goAhead(follow, request, { identity, alongside, confirmed });
  };
};

type Following = {
  readonly request: ProxyRequest;
  readonly identity: Identity;
  readonly pageOrigin?: string | undefined;
  /** Asks whether the identity is what was remembered, and rejects when it is not. */
  readonly confirmed?: () => Promise<unknown>;
  /** That question, for a look-up in Redis to take with it. */
  readonly alongside?: readonly Alongside[];
};

/** What follows once it is known who asks. Nothing is served or spent before the identity is confirmed and the rate allows it; looking up goes before. */
function followingSteps(s: ProxyPorts) {
  const step = {
    resolveCall: resolveCall(),
    limitRate: limitRate(s.leasedLimiter, s.clock),
    answerCall: answerCall(s),
    meter: meter(s),
    noteAsk: noteAsk(s),
    respond: respond(s.clock),
  };
  return async function follow({ request, identity, pageOrigin, ...following }: Following): Promise<Response> {
    const { confirmed, alongside } = following;
    const call = step.resolveCall(request, identity);
    const { rates: rating, isTight } = step.limitRate(request, identity);
    const admission = admissionBy(confirmed, rating);
    if (isTight) await admission?.();
    const admitting = { admission, alongside: isTight ? undefined : alongside };
    const answer = await step.answerCall({ ...request, identity, call }, admitting);
    const asked: Asked = { ...request, identity, call, rates: await rating };
    step.meter(asked, answer);
    step.noteAsk(asked, answer);
    return step.respond(asked, answer, pageOrigin);
  };
}

/** Undefined when there is nothing to wait for. */
function admissionBy(confirmed: Following["confirmed"], rating: Rating["rates"]): Ask["admission"] {
  if (confirmed === undefined && !(rating instanceof Promise)) return undefined;
  // Whoever is refused on the way never comes to wait for it.
  if (rating instanceof Promise) rating.catch(() => undefined);
  return () => Promise.all([confirmed?.(), rating]);
}

/**
 * Goes on by what is remembered of the key until the newest word of it is needed: a look-up that goes to Redis brings it along. Whatever comes of
 * that holds only if it is the same; if not, the request goes on anew.
 */
export async function goAhead(
  follow: (following: Following) => Promise<Response>,
  request: ProxyRequest,
  { identity, alongside, confirmed }: Identified & { readonly confirmed: () => Promise<Identity> },
): Promise<Response> {
  let asking: Promise<Identity> | undefined;
  const newest = () => (asking ??= confirmed());
  const isSame = async () => {
    if (!isSameIdentity(await newest(), identity)) throw new Error("the key is not what was remembered");
  };
  try {
    const response = await follow({ request, identity, alongside, confirmed: isSame });
    // Nothing leaves unconfirmed, whatever the steps have asked for.
    await isSame();
    return response;
  } catch (error) {
    const now = await newest();
    if (isSameIdentity(now, identity)) throw error;
    return follow({ request, identity: now });
  }
}

/** A record that was read again and says what the one before it said is no other. */
function isSameIdentity(now: Identity, remembered: Identity): boolean {
  const { readAtMs, ...says } = now;
  const { readAtMs: before, ...said } = remembered;
  return readAtMs === before || canonicalJson(says) === canonicalJson(said);
}
