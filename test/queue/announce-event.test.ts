import { expect, it } from "vitest";
import type { Claim, Delivery } from "../../src/core/webhook-ports.ts";
import { announceEvent } from "../../src/queue/announce-event.ts";

const message = { kind: "event", tenantId: "tenant", eventId: "event" } as const;
const event = { tenantId: "tenant", id: "event", type: "platform_key.out", createdAt: "", data: {} } as const;
const sealed = {
  tenantId: "tenant",
  id: "w",
  version: 1,
  kekVersion: 1,
  wrapIv: "",
  wrappedKey: "",
  iv: "",
  ciphertext: "",
};
const delivery = (id: string): Delivery => ({ ownerId: "tenant", id, url: "", secret: sealed, attempts: 1 });

/** Consumes the message while `claims` are handed out one after another; tells what became of it and what was done, in order. */
async function consume({ claims, conclude }: { claims: readonly Claim[]; conclude?: () => Promise<void> }) {
  const done: string[] = [];
  const left = [...claims];
  const note = (text: string) => void done.push(text);
  const consumed = await announceEvent(
    {
      deliveries: {
        claim: async () => left.shift() ?? { kind: "done" },
        conclude: conclude ?? (async ({ id }, { status }) => note(`${id} is ${status}`)),
        overdue: async () => [],
      },
      webhookSender: { send: async ({ id }) => (note(`${id} is sent`), id.startsWith("bad") ? 500 : 200) },
      webhookRetries: { firstDelayMs: 5_000, mostAttempts: 12 },
      log: { info: () => undefined, error: note },
    },
    message,
  );
  return { consumed, done };
}

it("goes on until nothing is due, and is done when nothing is left", async () => {
  const claims = [1, 2].map((at) => ({ kind: "due", event, deliveries: [delivery(`good-${at}`)] }) as const);
  const { consumed, done } = await consume({ claims });
  expect(consumed).toEqual({ kind: "done" });
  expect(done).toEqual(["good-1 is sent", "good-1 is delivered", "good-2 is sent", "good-2 is delivered"]);
});

it("comes back when something is due, and not before a second, which is what a queue counts in", async () => {
  const due: Claim = { kind: "due", event, deliveries: [delivery("bad")] };
  const later = (inMs: number): Claim => ({ kind: "later", inMs });
  expect((await consume({ claims: [due, later(4_001)] })).consumed).toEqual({ kind: "again", afterSeconds: 5 });
  expect((await consume({ claims: [later(0)] })).consumed).toEqual({ kind: "again", afterSeconds: 1 });
});

it("is buried when there is no such event, because no delivery will mend that", async () => {
  expect((await consume({ claims: [{ kind: "absent" }] })).consumed.kind).toBe("hopeless");
});

it("ends every attempt that it began although one cannot be noted: that one is due again when its claim is over", async () => {
  const claims: Claim[] = [
    { kind: "due", event, deliveries: [delivery("good-1"), delivery("good-2")] },
    { kind: "later", inMs: 20_000 },
  ];
  const { consumed, done } = await consume({ claims, conclude: () => Promise.reject(new Error("down")) });
  expect(consumed).toEqual({ kind: "again", afterSeconds: 20 });
  expect(done.filter((text) => text === "webhook-attempt-not-noted")).toHaveLength(2);
});
