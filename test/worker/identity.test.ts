import { describe, expect, it } from "vitest";
import { parseApiKey } from "../../src/core/api-key.ts";
import { books } from "../support/books.ts";
import { madeUpKey, storeKey } from "../support/cast.ts";
import { eventually } from "../support/eventually.ts";
import { useGateway } from "../support/use-gateway.ts";

const CALL = "/userid/?username=identified";
const HOUR_MS = 3_600_000;

describe("a key lets in who holds all of it, while it is good", () => {
  // Records are not read again, so that what is refused later is refused by the record in memory.
  const running = useGateway({ KEY_FRESH_MS: "600000", KEY_RETIRE_MS: "600001" });

  const tenantId = () => running().stack.tenant("shared").id;
  /** The status and the body, but for the request's id. */
  const answerTo = async (key: string) => {
    const response = await running().gateway.get(CALL, { key });
    const { request_id: _, ...body } = await response.json<Record<string, unknown>>();
    return { status: response.status, body };
  };

  it.each([
    {
      wrong: "another secret behind a known id",
      because: "the id is public",
      make: async () => madeUpKey(parseApiKey(running().shared)?.keyId),
    },
    { wrong: "an unknown id", because: "a checksum is no proof", make: async () => madeUpKey() },
    {
      wrong: "a key that expired",
      because: "its time is over, though its record is there",
      make: () => storeKey(running().stack, { tenantId: tenantId(), expiresAt: new Date(Date.now() - 1_000) }),
    },
    {
      wrong: "a key that was revoked",
      because: "its owner took it back",
      make: () => storeKey(running().stack, { tenantId: tenantId(), revokedAt: new Date(Date.now() - HOUR_MS) }),
    },
    {
      wrong: "a key under a pepper that is gone",
      because: "nobody can check it any more",
      make: () => storeKey(running().stack, { tenantId: tenantId(), pepperVersion: 9 }),
    },
  ])("401 for $wrong, word for word as without a key: $because", async ({ make }) => {
    const without = await answerTo("");
    expect(without.status).toBe(401);
    const key = await make();
    const before = await running().upstream.calls();
    // Twice: once from Postgres, once from the isolate's memory.
    expect(await answerTo(key)).toEqual(without);
    expect(await answerTo(key)).toEqual(without);
    expect(await running().upstream.calls()).toBe(before);
  });

  it("200 for a key that will expire or be revoked later, so that the refusals above are about the time", async () => {
    const later = new Date(Date.now() + HOUR_MS);
    for (const end of [{ expiresAt: later }, { revokedAt: later }]) {
      const key = await storeKey(running().stack, { tenantId: tenantId(), ...end });
      expect((await running().gateway.get(CALL, { key })).status).toBe(200);
    }
  });

  it("401 from the moment a known key expires, because a record in memory says when", async () => {
    const expiresAt = new Date(Date.now() + 4_000);
    const key = await storeKey(running().stack, { tenantId: tenantId(), expiresAt });
    expect((await running().gateway.get(CALL, { key })).status).toBe(200);
    const refusedAtMs = await eventually(async () => {
      expect((await running().gateway.get(CALL, { key })).status).toBe(401);
      return Date.now();
    });
    expect(refusedAtMs).toBeGreaterThanOrEqual(expiresAt.getTime());
  });

  it("403 for a key without the permission to read, because managing is not reading", async () => {
    const key = await storeKey(running().stack, { tenantId: tenantId(), permissions: ["refresh", "manage"] });
    const before = await running().upstream.calls();
    const response = await running().gateway.get("/userid/?username=unread", { key });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ type: "https://tikedge.dev/problems/forbidden" });
    expect(await running().upstream.calls()).toBe(before);
  });

  it("notes the UTC day of a key's last use, so that a key that nobody uses can be found", async () => {
    const { stack, gateway } = running();
    const key = await storeKey(stack, { tenantId: tenantId() });
    const usedOn = async () => {
      const [row] = await books(stack.database.url).query<{ used_on: string | null }>(
        "SELECT last_used_on::text AS used_on FROM app.api_keys WHERE id = $1",
        [parseApiKey(key)?.keyId],
      );
      return row?.used_on;
    };
    expect(await usedOn()).toBeNull();
    const days = [new Date()];
    expect((await gateway.get(CALL, { key })).status).toBe(200);
    days.push(new Date());
    const either = days.map((day) => day.toISOString().slice(0, 10));
    await eventually(async () => expect(either).toContain(await usedOn()));
  });

  it("names each request itself, because a client that chose the id could put its calls under another's in the books", async () => {
    const { stack, gateway, shared: key } = running();
    const chosen = "0199c0de-0000-7000-8000-00000000c11e";
    const response = await gateway.get("/userid/?username=named", { key, headers: { "x-request-id": chosen } });
    expect(response.headers.get("x-credits-charged")).toBe("1");
    const named = response.headers.get("x-request-id");
    expect(named).not.toBe(chosen);
    await eventually(async () => {
      const booked = (await books(stack.database.url).events(tenantId())).map((event) => event.request_id);
      expect(booked).toContain(named);
      expect(booked).not.toContain(chosen);
    });
  });
});
