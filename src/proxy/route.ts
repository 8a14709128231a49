import type { Context } from "hono";
import type { AnswerPorts } from "../answer/answer.ts";
import type { PoolSettings } from "../answer/payer.ts";
import type { LeasedLimiter } from "../core/ports.ts";
import { answerCall } from "./answer-call.ts";
import { begin, type BeginProxyPorts } from "./begin.ts";
import { identify } from "./identify.ts";
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
    const { identity, confirmed } = identified;
    if (confirmed === undefined) return follow({ request, identity, pageOrigin: c.get("pageOrigin") });
    return goAhead(follow, request, { identity, confirmed });
  };
};

type Following = {
  readonly request: ProxyRequest;
  readonly identity: Identity;
  readonly pageOrigin?: string | undefined;
  /** Rejects when the identity is not what was remembered. */
  readonly confirmed?: Promise<unknown>;
};

/** What follows once it is known who asks. Nothing is served or spent before the identity is confirmed and the rate allows it; looking up goes on meanwhile. */
function followingSteps(s: ProxyPorts) {
  const step = {
    resolveCall: resolveCall(),
    limitRate: limitRate(s.leasedLimiter, s.clock),
    answerCall: answerCall(s),
    meter: meter(s),
    noteAsk: noteAsk(s),
    respond: respond(s.clock),
  };
  return async function follow({ request, identity, confirmed, pageOrigin }: Following): Promise<Response> {
    const call = step.resolveCall(request, identity);
    const { rates: rating, isTight } = step.limitRate(request, identity);
    const admission = admissionBy(confirmed, rating);
    if (isTight) await admission;
    const answer = await step.answerCall({ ...request, identity, call }, admission);
    const asked: Asked = { ...request, identity, call, rates: await rating };
    step.meter(asked, answer);
    step.noteAsk(asked, answer);
    return step.respond(asked, answer, pageOrigin);
  };
}

/** Undefined when there is nothing to wait for. */
function admissionBy(confirmed: Promise<unknown> | undefined, rating: Rating["rates"]): Promise<unknown> | undefined {
  if (confirmed === undefined && !(rating instanceof Promise)) return undefined;
  const admission = Promise.all([confirmed, rating]);
  // Whoever is refused on the way never comes to wait for it.
  admission.catch(() => undefined);
  return admission;
}

/**
 * Goes on by what is remembered of the key while the newest word of it is read. Whatever comes of that holds only if it is the same; if not, the
 * request goes on anew.
 */
export async function goAhead(
  follow: (following: Following) => Promise<Response>,
  request: ProxyRequest,
  { identity, confirmed }: { readonly identity: Identity; readonly confirmed: Promise<Identity> },
): Promise<Response> {
  const isSame = async () => {
    const now = await confirmed;
    if (now.readAtMs !== identity.readAtMs) throw new Error("the key is not what was remembered");
  };
  const same = isSame();
  // Whoever is refused before that asks for the newest word itself.
  same.catch(() => undefined);
  try {
    return await follow({ request, identity, confirmed: same });
  } catch (error) {
    const now = await confirmed;
    if (now.readAtMs === identity.readAtMs) throw error;
    return follow({ request, identity: now });
  }
}
