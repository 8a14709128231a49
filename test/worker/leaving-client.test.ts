import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, inject, it } from "vitest";
import { createTestHarness } from "wrangler";
import { books } from "../support/books.ts";
import { eventually } from "../support/eventually.ts";
import { ROOT, startStack } from "../support/gateway.ts";
import { upstreamControl } from "../support/upstream-control.ts";

/**
 * A Worker in front of the gateway that gives up after 2 s, long after the upstream was asked. A client's disconnect is not reproduced locally; a call through a service
 * binding that its caller aborts is, and it ends the gateway's request in the same way.
 */
const IMPATIENT = `
export default {
  async fetch(request, env) {
    const signal = AbortSignal.timeout(2_000);
    try {
      const { pathname, search } = new URL(request.url);
      const answer = await env.GATEWAY.fetch("https://gateway" + pathname + search, { headers: request.headers, signal });
      return new Response(await answer.text(), { status: answer.status });
    } catch {
      return new Response("gave up", { status: 499 });
    }
  },
};`;

it("a client that leaves takes nothing with it: the credit is spent, booked and its answer kept", async () => {
  const stack = await startStack();
  const dir = await mkdtemp(join(tmpdir(), "tikedge-impatient-"));
  await writeFile(join(dir, "impatient.js"), IMPATIENT);
  const harness = createTestHarness({
    root: ROOT,
    workers: [
      {
        config: {
          name: "impatient",
          main: join(dir, "impatient.js"),
          compatibility_date: "2026-11-17",
          services: [{ binding: "GATEWAY", service: "tikedge" }],
        },
      },
      { configPath: inject("workerConfig"), prebuiltWorkerDir: inject("workerDir"), secrets: { ...stack.settings } },
    ],
  });
  try {
    await harness.listen();
    const { id, apiKey } = stack.tenant("shared");
    const upstream = upstreamControl(stack.upstream.url);
    const ask = () => harness.fetch("/userid/?username=abandoned", { headers: { "x-api-key": apiKey } });
    const warm = { headers: { "x-api-key": apiKey } };
    await harness.getWorker("tikedge").fetch("https://gateway/userid/?username=warm", warm);
    await upstream.fault({ kind: "delay", delayMs: 4_000, path: "/userid/" });
    expect((await ask()).status).toBe(499);
    await eventually(async () => {
      const events = await books(stack.database.url).events(id);
      expect(events.filter(({ outcome }) => outcome === "success")).toHaveLength(2);
    });
    const before = await upstream.calls();
    expect((await ask()).status).toBe(200);
    expect(await upstream.calls()).toBe(before);
  } finally {
    await harness.close();
    await stack.close();
    await rm(dir, { recursive: true, force: true });
  }
});
