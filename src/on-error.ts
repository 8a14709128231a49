import type { Context, ErrorHandler } from "hono";
import { Unavailable } from "./core/control-ports.ts";
import type { Log } from "./core/ports.ts";
import { Problem, problems, toProblemBody } from "./core/problem.ts";
import type { ProxyEnv } from "./proxy/request.ts";
import { sharedFields } from "./proxy/share-origin.ts";

/**
 * The one place where an error becomes a response: RFC 9457. What is not a `Problem` is a bug: it is logged and leaves as a bare 500,
 * for its message may hold anything.
 */
export const onError =
  (log: Log): ErrorHandler<ProxyEnv> =>
  (error, c) => {
    const requestId = c.var.requestId ?? "";
    if (error instanceof Problem) {
      // What the client got wrong is the client's; what failed on our side is somebody's to look at.
      if (error.status >= 500) log.error("problem", { type: error.type, requestId });
      return render(error, requestId, c);
    }
    if (error instanceof Unavailable) {
      log.error("database-unavailable", { error, requestId });
      return render(problems.databaseUnavailable(), requestId, c);
    }
    log.error("unhandled", { error, requestId });
    return render(problems.internal(), requestId, c);
  };

function render(problem: Problem, requestId: string, c: Context<ProxyEnv>): Response {
  const { pageOrigin } = c.var;
  const headers = {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-request-id": requestId,
    ...problem.headers,
    ...(problem.retryAfterSeconds === undefined ? {} : { "retry-after": String(problem.retryAfterSeconds) }),
    ...(pageOrigin === undefined ? {} : sharedFields(pageOrigin)),
  };
  const body = c.req.method === "HEAD" ? null : JSON.stringify(toProblemBody(problem, requestId));
  return new Response(body, { status: problem.status, headers });
}
