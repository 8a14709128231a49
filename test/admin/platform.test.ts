import { expect, it } from "vitest";
import { Unavailable } from "../../src/core/control-ports.ts";
import { controlPlane } from "../support/control-plane.ts";

const none = async () => {
  throw new Unavailable("it does not answer");
};
const ledger = async () => [
  { name: "reservations", waiting: 2, sinceMs: Date.UTC(2026, 0, 31) },
  { name: "outbox", waiting: 0, sinceMs: null },
];

it("says what waits of which store answers, because one that does not is when the operator looks", async () => {
  const ask = controlPlane({ ledgerBacklog: { backlog: ledger }, platformBooks: { backlog: none } });
  const { status, body } = await ask("GET", "/v1/platform/backlog");
  const unknown = { waiting: null, since: null };
  expect([status, body["data"]]).toEqual([
    200,
    [
      { name: "reservations", waiting: 2, since: "2026-01-31T00:00:00.000Z" },
      { name: "outbox", waiting: 0, since: null },
      { name: "webhook-events", ...unknown },
      { name: "webhook-deliveries", ...unknown },
      { name: "dead-messages", ...unknown },
    ],
  ]);
});

it("names the parts that do not answer, and is no failure itself", async () => {
  const parts = ["redis", "postgres"].map((name) => ({ name, ping: async () => name === "redis" }));
  const { status, body } = await controlPlane({ parts, healthMs: 0 })("GET", "/v1/platform/health");
  expect([status, body]).toEqual([200, { status: "down", parts: { redis: "ok", postgres: "down" } }]);
});

it("lists hot answers as the calls that they answer, and leaves out those of another namespace", async () => {
  const identity = (version: string) =>
    JSON.stringify([version, "pool:default", "", "/userid/", [["username", "tiktok"]]]);
  const asked: number[] = [];
  const hottest = async (most: number) => {
    asked.push(most);
    return [
      { identity: identity("1"), perMs: 1 / 1_000 },
      { identity: identity("2"), perMs: 1 },
      { identity: "of another version", perMs: 1 },
    ];
  };
  const ask = controlPlane({ hotSet: { hottest }, namespaceVersion: "1" });
  const { body } = await ask("GET", "/v1/platform/hot-set?limit=20");
  expect(asked).toEqual([20]);
  expect(body).toEqual({
    data: [{ scope: "pool:default", path: "/userid/?username=tiktok", per_minute: 60 }],
    next_cursor: null,
  });
  expect((await controlPlane({ hotSet: { hottest: none } })("GET", "/v1/platform/hot-set")).status).toBe(503);
});
