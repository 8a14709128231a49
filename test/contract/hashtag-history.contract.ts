import { expect, it } from "vitest";
import type { HashtagHistory, HashtagRecord } from "../../src/core/hashtag-history.ts";

const record = (changes: Partial<HashtagRecord> = {}): HashtagRecord => ({
  id: "7000000000000000001",
  name: "cats",
  day: "2026-11-20",
  users: 10,
  views: 2_000_000_000_000,
  ...changes,
});

/** What every history promises, whatever it is made of. `make` gives an empty one. */
export function hashtagHistoryContract(make: () => Promise<HashtagHistory>): void {
  it("keeps what a hashtag counted by day, oldest first, in numbers that need more than 32 bits", async () => {
    const history = await make();
    await history.note(record({ day: "2026-11-21", views: 2_000_000_000_007 }));
    await history.note(record());
    await history.note(record({ id: "2", name: "dogs" }));
    expect(await history.of(record().id, 10)).toEqual([
      { day: "2026-11-20", users: 10, views: 2_000_000_000_000 },
      { day: "2026-11-21", users: 10, views: 2_000_000_000_007 },
    ]);
    expect((await history.of(record().id, 1)).map(({ day }) => day)).toEqual(["2026-11-21"]);
    expect(await history.of("404", 10)).toEqual([]);
  });

  it("keeps the first of a day, because every visitor would write otherwise", async () => {
    const history = await make();
    await history.note(record());
    await history.note(record({ views: 7 }));
    expect(await history.of(record().id, 10)).toMatchObject([{ views: 2_000_000_000_000 }]);
  });

  it("tells which rise: by how much they grew, and after them by how many use them", async () => {
    const history = await make();
    const days = async (id: string, users: number, ...views: readonly number[]) => {
      for (const [at, seen] of views.entries())
        await history.note(record({ id, name: `n${id}`, users, views: seen, day: `2026-11-1${at}` }));
    };
    await days("1", 1, 100, 150);
    await days("2", 1, 1_000_000, 1_000_001, 3_000_000);
    await days("3", 5, 7);
    await days("4", 9, 7);
    await days("5", 1, 0, 4);
    const rising = await history.rising("2026-11-10", 10);
    expect(rising.map(({ id, growth }) => [id, growth])).toEqual([
      ["5", 4],
      ["2", 3],
      ["1", 1.5],
      ["4", null],
      ["3", null],
    ]);
    expect(rising[1]).toMatchObject({ name: "n2", day: "2026-11-12", users: 1, views: 3_000_000 });
    expect((await history.rising("2026-11-10", 2)).map(({ id }) => id)).toEqual(["5", "2"]);
    expect((await history.rising("2026-11-12", 10)).map(({ id, growth }) => [id, growth])).toEqual([["2", null]]);
  });
}
