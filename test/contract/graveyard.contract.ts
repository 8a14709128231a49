import { expect, it } from "vitest";
import type { DeadMessage, Graveyard } from "../../src/core/ports.ts";

/** `buried` is in the order of the ids. */
export type GraveyardUnderTest = { readonly graveyard: Graveyard; buried(): Promise<DeadMessage[]> };

function dead(id: string, changes: Partial<DeadMessage> = {}): DeadMessage {
  return {
    id,
    queue: "tikedge-usage",
    reason: "no credits",
    body: { kind: "event", event: { credits: -1 } },
    ...changes,
  };
}

/** What every graveyard promises, whatever it is made of. `make` gives an empty one. */
export function graveyardContract(make: () => Promise<GraveyardUnderTest>): void {
  it("keeps a message with its queue, its reason and its body", async () => {
    const { graveyard, buried } = await make();
    await graveyard.bury([dead("a"), dead("b", { queue: "other", reason: "no kind", body: null })]);
    expect(await buried()).toEqual([dead("a"), dead("b", { queue: "other", reason: "no kind", body: null })]);
  });

  it("buries an id once and keeps the first, because dead letters are delivered at least once", async () => {
    const { graveyard, buried } = await make();
    await graveyard.bury([dead("a"), dead("a", { reason: "again" })]);
    await graveyard.bury([dead("a", { reason: "again" }), dead("b")]);
    expect(await buried()).toEqual([dead("a"), dead("b")]);
  });

  it("takes nothing for nothing", async () => {
    const { graveyard, buried } = await make();
    await graveyard.bury([]);
    expect(await buried()).toEqual([]);
  });

  it.each([
    { body: { name: "a\0b" }, because: "text of Postgres holds no NUL" },
    { body: { name: "half \uD83D" }, because: "jsonb refuses half a surrogate pair" },
    { body: "plain text", because: "a producer may send anything" },
    { body: [1e308, "'); DROP TABLE app.dead_messages; --"], because: "a body is data, not SQL" },
  ])("keeps a malformed body as it is: $because", async ({ body }) => {
    const { graveyard, buried } = await make();
    await graveyard.bury([dead("a", { body })]);
    expect((await buried())[0]?.body).toEqual(body);
  });
}
