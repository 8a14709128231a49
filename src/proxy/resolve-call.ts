import { createMiddleware } from "hono/factory";
import { findEndpoint } from "../core/catalogue.ts";
import { mayAsk } from "../core/key-rights.ts";
import { readCall } from "../core/parameters.ts";
import { problems } from "../core/problem.ts";
import type { ProxyEnv } from "./request.ts";

/**
 * Turns path and query into a canonical call. Fails closed: what is not exactly a call of the table is refused and named, and so is an
 * endpoint that the key may not ask.
 */
export const resolveCall = () =>
  createMiddleware<ProxyEnv>(async function resolveCall(c, next) {
    const { pathname, search } = new URL(c.req.url);
    const endpoint = findEndpoint(pathname);
    if (endpoint === undefined) throw problems.unknownEndpoint(pathname, findEndpoint(`${pathname}/`)?.path);
    if (!mayAsk(c.var.identity, endpoint.path)) throw problems.endpointNotAllowed(endpoint.path);
    const read = readCall(endpoint, search);
    if (read.kind === "invalid") throw problems.invalidParameters(read.invalid);
    c.set("call", read.call);
    return next();
  });
