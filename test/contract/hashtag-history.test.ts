import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { neonHashtagHistory } from "../../src/adapters/neon-hashtag-history.ts";
import { Unavailable } from "../../src/core/control-ports.ts";
import { memoryHashtagHistory } from "../support/memory-hashtag-history.ts";
import { neonTenancy, type NeonTenancy } from "../support/neon-tenancy.ts";
import { hashtagHistoryContract } from "./hashtag-history.contract.ts";

describe("the history of hashtags in Postgres", () => {
  let database: NeonTenancy;
  beforeAll(async () => {
    database = await neonTenancy();
  });
  beforeEach(async () => {
    await database.owner.query("TRUNCATE app.hashtag_history");
  });
  afterAll(() => database.close());

  hashtagHistoryContract(async () => neonHashtagHistory(database.connectAs("ops")));

  it("says so when Postgres does not answer, because a page is made without it then", async () => {
    await database.breakNext({ kind: "down" });
    await expect(neonHashtagHistory(database.connectAs("ops")).of("1", 1)).rejects.toThrow(Unavailable);
  });

  it("is for the operator's role alone: tenants have no part in it", async () => {
    await expect(database.rw.query("SELECT FROM app.hashtag_history")).rejects.toThrow(/permission denied/);
    await expect(database.auth.query("SELECT FROM app.hashtag_history")).rejects.toThrow(/permission denied/);
  });

  it("deletes nothing that is younger than its policy says", async () => {
    await database.owner.query(
      "INSERT INTO app.hashtag_history SELECT '1', current_date - age, 'cats', 1, 1 FROM unnest(ARRAY[0, 31, 34]) AS age",
    );
    expect((await database.ops.query("DELETE FROM app.hashtag_history")).rowCount).toBe(1);
  });
});

describe("the history of hashtags in memory", () => {
  hashtagHistoryContract(async () => memoryHashtagHistory());
});
