import { describe, expect, it } from "vitest";
import type { Act } from "../../src/core/act.ts";
import type { KeyReadings, NewReading } from "../../src/core/statement-ports.ts";
import { controlPlane } from "../support/control-plane.ts";

const KEY = "platform-0000aaaa";
const NOW = "2026-01-31T12:00:00.000Z";

/** The control plane at noon of 31 January 2026, with one platform key; tells what was added. */
function plane(add: KeyReadings["add"] = async (_act, reading) => ({ kind: "done", row: viewOf(reading) })) {
  const added: { act: Act; reading: NewReading }[] = [];
  const keyReadings: Partial<KeyReadings> = {
    add: async (act, reading) => {
      added.push({ act, reading });
      return add(act, reading);
    },
    list: async () => ({ rows: [], next: null }),
    spending: async () => undefined,
  };
  const ask = controlPlane({ keyReadings, platformKeyIds: async () => [KEY], newEventId: () => "reading-1" });
  return { ask, added };
}

const unread = { since: null, spent_by_reading: null, credits_charged: null, credits_in_doubt: null };
const viewOf = (reading: NewReading) => ({ ...reading, ...unread, difference: null, explained: null });

describe("a reading", () => {
  it("is of now, with nothing bought, when nothing else is said", async () => {
    const { ask, added } = plane();
    const { status, body } = await ask("POST", `/v1/platform-keys/${KEY}/readings`, { body: { balance: 9_000 } });
    const reading = { id: "reading-1", upstream_key_id: KEY, balance: 9_000, bought: 0, read_at: NOW };
    expect([status, body]).toEqual([201, viewOf(reading)]);
    expect(added).toMatchObject([{ act: { action: "platform-key.read", subject: KEY, detail: reading }, reading }]);
  });

  it("that is older than the last one is refused in words", async () => {
    const because = "There is a reading of this time or a later one.";
    const { ask } = plane(async () => ({ kind: "conflict", because }));
    const refused = await ask("POST", `/v1/platform-keys/${KEY}/readings`, { body: { balance: 1 } });
    expect([refused.status, refused.body["detail"]]).toEqual([409, because]);
  });

  it.each([
    { body: { balance: 1, read_at: "2026-01-31T12:00:00.001Z" }, name: "read_at", reason: "is in the future" },
    { body: { balance: -1 }, name: "balance", reason: "is below 0" },
    { body: { balance: 1.5 }, name: "balance", reason: "is not integer" },
    { body: { balance: "9000" }, name: "balance", reason: "is not number" },
    { body: { balance: 1, bought: -5 }, name: "bought", reason: "is below 0" },
    { body: { bought: 5 }, name: "balance", reason: "is required" },
    { body: { balance: 1, upstream_key_id: "platform-ffffffff" }, name: "upstream_key_id", reason: "is not known" },
  ])("$body is refused: $name $reason", async ({ body, name, reason }) => {
    const { ask, added } = plane();
    const refused = await ask("POST", `/v1/platform-keys/${KEY}/readings`, { body });
    expect(refused.status).toBe(400);
    expect(refused.body["invalid_parameters"]).toContainEqual({ name, reason: expect.stringContaining(reason) });
    expect(added).toEqual([]);
  });
});

it.each([
  { method: "POST", path: "readings", body: { balance: 1 } },
  { method: "GET", path: "readings" },
  { method: "GET", path: "balance" },
])("$method $path of a key that the platform has not is 404, and of what is no key's id 400", async (asked) => {
  const { ask } = plane();
  const of = (id: string) => ask(asked.method, `/v1/platform-keys/${id}/${asked.path}`, { body: asked.body });
  expect((await of("platform-ffffffff")).status).toBe(404);
  expect((await of("platform-x")).status).toBe(400);
});

it("a balance is unknown until the key was read", async () => {
  const { body } = await plane().ask("GET", `/v1/platform-keys/${KEY}/balance`);
  expect(body).toMatchObject({ upstream_key_id: KEY, read_at: null, estimated_balance: null, gone_at: null });
});
