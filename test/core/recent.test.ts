import { expect, it } from "vitest";
import { recentlyMade } from "../../src/core/recent.ts";

it("gives back the very value that was made for a text", () => {
  const recent = recentlyMade<object>({ most: 2, longest: 10 });
  const made = { made: "of a" };
  recent.put("a", made);
  expect(recent.get("a")).toBe(made);
  expect(recent.get("b")).toBeUndefined();
});

it("forgets what nobody asks for, and keeps what is asked for, however many others come", () => {
  const recent = recentlyMade<number>({ most: 10, longest: 10 });
  recent.put("wanted", 1);
  recent.put("unwanted", 2);
  for (let other = 0; other < 100; other += 1) {
    recent.put(`other ${other}`, other);
    expect(recent.get("wanted")).toBe(1);
  }
  expect(recent.get("unwanted")).toBeUndefined();
  const kept = Array.from({ length: 100 }, (_, other) => recent.get(`other ${other}`)).filter((it) => it !== undefined);
  expect(kept.length).toBeLessThanOrEqual(20);
});

it("remembers nothing of a text that is too long: who sends such ones must not fill the isolate", () => {
  const recent = recentlyMade<number>({ most: 2, longest: 3 });
  recent.put("four", 4);
  recent.put("yes", 3);
  expect(recent.get("four")).toBeUndefined();
  expect(recent.get("yes")).toBe(3);
});
