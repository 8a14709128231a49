import { expect, it } from "vitest";
import type { ControlMessage } from "../../src/core/control-ports.ts";
import type { Deliveries } from "../../src/core/webhook-ports.ts";
import { resendEvents } from "../../src/cron/resend-events.ts";

const overdue = [
  { tenantId: "tenant-a", eventId: "event-1" },
  { tenantId: "tenant-b", eventId: "event-2" },
];

/** One run over what is overdue; tells what was sent and what was logged. */
async function run({ found, send }: { found: Deliveries["overdue"]; send?: () => Promise<void> }) {
  const sent: ControlMessage[] = [];
  const logged: string[] = [];
  const log = { info: (event: string) => void logged.push(event), error: (event: string) => void logged.push(event) };
  const nothing = () => Promise.reject(new Error("the cron only looks for what is overdue"));
  const deliveries: Deliveries = { claim: nothing, conclude: nothing, overdue: found };
  const controlQueue = { send: send ?? (async (messages: readonly ControlMessage[]) => void sent.push(...messages)) };
  await resendEvents({ deliveries, controlQueue, log });
  return { sent, logged };
}

it("sends a message for each event that no message carries", async () => {
  const { sent, logged } = await run({ found: async () => overdue });
  expect(sent).toEqual(overdue.map((event) => ({ kind: "event", ...event })));
  expect(logged).toEqual(["webhook-events-sent-again"]);
});

it("sends and says nothing when nothing is overdue", async () => {
  expect(await run({ found: async () => [] })).toEqual({ sent: [], logged: [] });
});

it.each([
  { what: "Postgres", ports: { found: () => Promise.reject(new Error("down")) } },
  { what: "the queue", ports: { found: async () => overdue, send: () => Promise.reject(new Error("down")) } },
])("leaves it to the next run when $what does not answer, and ends no other job of the cron", async ({ ports }) => {
  expect(await run(ports)).toEqual({ sent: [], logged: ["webhook-events-not-sent-again"] });
});
