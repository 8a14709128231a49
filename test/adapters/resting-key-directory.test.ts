import { expect, it } from "vitest";
import { restingKeyDirectory } from "../../src/adapters/resting-key-directory.ts";
import type { KeyLookup } from "../../src/core/ports.ts";

it("asks a directory that does not answer once a while, because each request would wait out its deadline", async () => {
  let nowMs = 0;
  let asked = 0;
  let slow: Promise<KeyLookup> | undefined;
  let reply: KeyLookup = { kind: "unavailable" };
  const find = async () => ((asked += 1), slow ?? reply);
  const directory = restingKeyDirectory({ find, knowsOrigin: async () => "unavailable" }, 2_000, () => nowMs);
  for (let times = 0; times < 5; times++) expect(await directory.find("key")).toEqual({ kind: "unavailable" });
  expect(asked).toBe(1);
  nowMs = 2_000;
  const late = Promise.withResolvers<KeyLookup>();
  slow = late.promise;
  const probe = directory.find("key");
  expect(await directory.find("key")).toEqual({ kind: "unavailable" });
  late.resolve({ kind: "unavailable" });
  expect(await probe).toEqual({ kind: "unavailable" });
  expect(asked).toBe(2);
  slow = undefined;
  nowMs = 4_000;
  reply = { kind: "absent" };
  expect(await directory.find("key")).toEqual({ kind: "absent" });
  expect(await directory.find("key")).toEqual({ kind: "absent" });
  expect(asked).toBe(4);
});

it("rests from keys and origins together, because one Postgres answers for both", async () => {
  let nowMs = 0;
  const asked: string[] = [];
  const directory = restingKeyDirectory(
    {
      find: async () => (asked.push("key"), { kind: "absent" }),
      knowsOrigin: async () => (asked.push("origin"), asked.length === 1 ? "unavailable" : "known"),
    },
    2_000,
    () => nowMs,
  );
  expect(await directory.knowsOrigin("https://app.example.com")).toBe("unavailable");
  expect(await directory.find("key")).toEqual({ kind: "unavailable" });
  expect(await directory.knowsOrigin("https://app.example.com")).toBe("unavailable");
  expect(asked).toEqual(["origin"]);
  nowMs = 2_000;
  expect(await directory.knowsOrigin("https://app.example.com")).toBe("known");
  expect(await directory.find("key")).toEqual({ kind: "absent" });
  expect(asked).toEqual(["origin", "origin", "key"]);
});
