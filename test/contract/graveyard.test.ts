import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { neonGraveyard } from "../../src/adapters/neon-graveyard.ts";
import type { DeadMessage, Graveyard } from "../../src/core/ports.ts";
import { memoryGraveyard } from "../support/memory-graveyard.ts";
import { neonTenancy } from "../support/neon-tenancy.ts";
import type { NeonTenancy } from "../support/neon-tenancy.ts";
import { graveyardContract } from "./graveyard.contract.ts";

describe("the graveyard in Postgres", () => {
  let database: NeonTenancy;
  let graveyard: Graveyard;
  beforeAll(async () => {
    database = await neonTenancy();
    graveyard = neonGraveyard(database.connectAs("ops"));
  });
  beforeEach(async () => {
    await database.owner.query("TRUNCATE app.dead_messages");
  });
  afterAll(() => database.close());

  async function buried(): Promise<DeadMessage[]> {
    return (await database.ops.query<DeadMessage>("SELECT id, queue, reason, body FROM app.dead_messages ORDER BY id"))
      .rows;
  }

  graveyardContract(async () => ({ graveyard, buried }));

  it("keeps a message whose id and reason no text of Postgres can hold, because refused it comes back for ever", async () => {
    await graveyard.bury([{ id: "a\0", queue: "q", reason: "unknown kind \uD83D", body: undefined }]);
    expect(await buried()).toEqual([{ id: "a\uFFFD", queue: "q", reason: "unknown kind \uFFFD", body: null }]);
  });

  it("throws when Postgres is down, because after the graveyard there is no other copy", async () => {
    await database.breakNext({ kind: "down" });
    await expect(graveyard.bury([{ id: "a", queue: "q", reason: "r", body: null }])).rejects.toThrow(Error);
  });
});

describe("the graveyard in memory", () => {
  graveyardContract(async () => {
    const graveyard = memoryGraveyard();
    return { graveyard, buried: async () => graveyard.buried };
  });
});
