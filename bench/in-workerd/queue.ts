let messages = 0;

/**
 * Every queue of every Worker: it counts messages and drops them, so nothing is refreshed or recorded behind a row that did not ask for
 * it. `GET` says how many messages there were.
 */
export const queue = {
  async fetch(request: Request): Promise<Response> {
    if (request.method === "GET") return Response.json({ messages });
    // A single message states no count.
    messages += Number(request.headers.get("cf-queue-batch-count") ?? 1);
    // Read to its end: what is not keeps its sender's side of it for minutes.
    await request.arrayBuffer();
    return Response.json({ metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } });
  },
} satisfies ExportedHandler;
