import type { Context } from "hono";
import type { Services } from "../core/services.ts";
import { answerCall } from "./answer-call.ts";
import { begin } from "./begin.ts";
import { identify } from "./identify.ts";
import { limitRate } from "./limit-rate.ts";
import { meter } from "./meter.ts";
import { noteAsk } from "./note-ask.ts";
import type { Asked, ProxyEnv } from "./request.ts";
import { resolveCall } from "./resolve-call.ts";
import { respond } from "./respond.ts";
import { screen } from "./screen.ts";
import { answerPreflight } from "./share-origin.ts";

/**
 * The path of a request, top to bottom. Order is meaning: see README, "Life of a request". The steps are plain functions and no middlewares of
 * the framework: a hit goes through all of them and waits for none.
 */
export const proxyRoute = (s: Services) => {
  const step = {
    begin: begin(s),
    answerPreflight: answerPreflight(s),
    identify: identify(s),
    resolveCall: resolveCall(),
    limitRate: limitRate(s.leasedLimiter, s.clock),
    answerCall: answerCall(s),
    meter: meter(s.hits, s.chargeRules),
    noteAsk: noteAsk(s),
    respond: respond(s.clock),
  };
  return async function proxy(c: Context<ProxyEnv>): Promise<Response> {
    const request = step.begin(c);
    if (request.method === "OPTIONS") return step.answerPreflight(request);
    screen(request);
    const identity = await step.identify(request, (pageOrigin) => c.set("pageOrigin", pageOrigin));
    const call = step.resolveCall(request, identity);
    const rates = await step.limitRate(request, identity);
    const asked: Asked = { ...request, identity, call, rates };
    const answer = await step.answerCall(asked);
    step.meter(asked, answer);
    step.noteAsk(asked, answer);
    return step.respond(asked, answer, c.get("pageOrigin"));
  };
};
