import { Hono } from "hono";
import type { Services } from "../core/services.ts";
import { answerCall } from "./answer-call.ts";
import { identify } from "./identify.ts";
import { limitRate } from "./limit-rate.ts";
import { meter } from "./meter.ts";
import { noteAsk } from "./note-ask.ts";
import type { ProxyEnv } from "./request.ts";
import { resolveCall } from "./resolve-call.ts";
import { respond } from "./respond.ts";
import { screen } from "./screen.ts";
import { shareOrigin } from "./share-origin.ts";

/** The path of a request, top to bottom. Order is meaning: see README, "Life of a request". */
export const proxyRoute = (s: Services) =>
  new Hono<ProxyEnv>()
    .use(shareOrigin(s))
    .use(screen())
    .use(identify(s))
    .use(resolveCall())
    .use(meter(s.hits, s.chargeRules))
    .use(noteAsk(s))
    .use(limitRate(s.limiter, s.clock))
    .use(answerCall(s))
    .get("*", respond(s.clock));
