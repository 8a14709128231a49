import { Unavailable } from "./core/control-ports.ts";
import type { Log } from "./core/ports.ts";
import { Problem, problems, toProblemBody } from "./core/problem.ts";
import type { Rendered } from "./pages/request.ts";
import { sharedFields } from "./proxy/share-origin.ts";

/** What this has to know of a request, however far it got. */
type Failed = {
  readonly req: { readonly method: string };
  readonly var: {
    readonly requestId?: string;
    /** Set for a page of another origin that may read our answers. */
    readonly pageOrigin?: string | undefined;
    /** Set where a person looks. */
    readonly problemPage?: ((problem: Problem, requestId: string) => Rendered) | undefined;
  };
};

/**
 * The one place where an error becomes a response: RFC 9457, or a page for people. What is not a `Problem` is a bug: it is logged and leaves
 * as a bare 500, for its message may hold anything.
 */
export const onError =
  (log: Log) =>
  (error: Error, c: Failed): Response => {
    const requestId = c.var.requestId ?? "";
    if (error instanceof Problem) {
      // What the client got wrong is the client's; what failed on our side is somebody's to look at.
      if (error.status >= 500) log.error("problem", { type: error.type, requestId });
      return render(error, requestId, c);
    }
    if (error instanceof Unavailable) {
      log.error("database-unavailable", { error, requestId });
      return render(problems.databaseUnavailable(c.req.method === "GET" || c.req.method === "HEAD"), requestId, c);
    }
    log.error("unhandled", { error, requestId });
    return render(problems.internal(), requestId, c);
  };

function render(problem: Problem, requestId: string, c: Failed): Response {
  const { pageOrigin, problemPage } = c.var;
  const said = problemPage?.(problem, requestId) ?? problemJson(problem, requestId);
  const headers = {
    ...said.headers,
    "x-request-id": requestId,
    ...problem.headers,
    ...(problem.retryAfterSeconds === undefined ? {} : { "retry-after": String(problem.retryAfterSeconds) }),
    ...(pageOrigin === undefined ? {} : sharedFields(pageOrigin)),
  };
  return new Response(c.req.method === "HEAD" ? null : said.body, { status: problem.status, headers });
}

function problemJson(problem: Problem, requestId: string): Rendered {
  return {
    body: JSON.stringify(toProblemBody(problem, requestId)),
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
  };
}
