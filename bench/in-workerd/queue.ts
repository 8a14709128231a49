let messages = 0;

/**
 * Every queue of every Worker: it counts messages and drops them, so nothing is refreshed or recorded behind a row that did not ask for
 * it. `GET` says how many messages there were.
 */
export const queue = {
  fetch(request: Request): Response {
    if (request.method === "GET") return Response.json({ messages });
    // A single message states no count.
    messages += Number(request.headers.get("cf-queue-batch-count") ?? 1);
    return Response.json({ metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } });
  },
} satisfies ExportedHandler;
