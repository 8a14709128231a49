import { expect, it } from "vitest";
import { widened, windowsOf } from "../../src/core/tenant-windows.ts";
import { usualWindows, windowNames } from "../../src/core/windows.ts";

const usual = usualWindows({ userinfo: { freshMs: 60_500, staleMs: 0 } });

it.each([
  { asked: {}, named: [], because: "nothing is asked" },
  {
    asked: { userid: { fresh_seconds: 86_400, stale_seconds: 86_400 } },
    named: [],
    because: "that is the bound itself",
  },
  { asked: { userid: { fresh_seconds: 0, stale_seconds: 0 } }, named: [], because: "nothing is tighter" },
  {
    asked: { userid: { fresh_seconds: 86_401, stale_seconds: 0 } },
    named: [{ name: "windows.userid.fresh_seconds", reason: "is above 86400, what it is for everybody" }],
    because: "it is a second more than the table says",
  },
  {
    asked: { userinfo: { fresh_seconds: 61, stale_seconds: 1 } },
    named: [
      { name: "windows.userinfo.fresh_seconds", reason: "is above 60, what it is for everybody" },
      { name: "windows.userinfo.stale_seconds", reason: "is above 0, what it is for everybody" },
    ],
    because: "the deployment's own are tighter than the table",
  },
  {
    asked: { empty: { fresh_seconds: 60, stale_seconds: 1 }, userid: { fresh_seconds: 1, stale_seconds: 1 } },
    named: [{ name: "windows.empty.stale_seconds", reason: "is above 0, what it is for everybody" }],
    because: "one good window makes no other one good",
  },
])("of $asked too wide is $named: $because", ({ asked, named }) => {
  expect(widened(asked, usual)).toEqual(named);
});

it("reads windows in milliseconds, and passes over a class that only another version knows", () => {
  const window = { fresh_seconds: 600, stale_seconds: 1 };
  expect(windowsOf({ userinfo: window, moon: window })).toEqual({ userinfo: { freshMs: 600_000, staleMs: 1_000 } });
});

it("bounds every class there is, by what the deployment says of it, else by the table", () => {
  expect(Object.keys(usual)).toEqual(windowNames);
  expect(usual.userinfo).toEqual({ freshMs: 60_500, staleMs: 0 });
  expect(usual.userid).toEqual({ freshMs: 86_400_000, staleMs: 86_400_000 });
});
