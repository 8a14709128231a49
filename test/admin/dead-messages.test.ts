import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { neonDeadMessages } from "../../src/adapters/neon-dead-messages.ts";
import { neonGraveyard } from "../../src/adapters/neon-graveyard.ts";
import { neonOutcomes } from "../../src/adapters/neon-people.ts";
import { replayQueue } from "../../src/adapters/queues.ts";
import { controlPlane } from "../support/control-plane.ts";
import { neonTenancy, type NeonTenancy } from "../support/neon-tenancy.ts";

type Sent = { readonly queue: string; readonly body: unknown };
type Row = { readonly id: string; readonly message_id: string; readonly excerpt: string };

let database: NeonTenancy;
let sent: Sent[] = [];
let queueIsDown = false;
/** What happens while a message is sent. */
let meanwhile = async (): Promise<unknown> => undefined;

beforeAll(async () => {
  database = await neonTenancy();
});
beforeEach(async () => {
  await database.owner.query("TRUNCATE app.dead_messages");
  [sent, queueIsDown, meanwhile] = [[], false, async () => undefined];
});
afterAll(() => database.close());

const queue = (name: string) =>
  ({
    send: async (body: unknown) => {
      if (queueIsDown) throw new Error("queue down");
      sent.push({ queue: name, body });
      await meanwhile();
    },
  }) as unknown as Queue;

function operator() {
  const ops = database.connectAs("ops");
  return controlPlane({
    deadMessages: neonDeadMessages(ops),
    replayQueue: replayQueue({ usage: queue("usage"), control: queue("control"), refresh: queue("refresh") }),
    outcomes: neonOutcomes(database.connectAs("rw")),
  });
}

async function bury(id: string, body: unknown = { kind: "nobody knows" }, from = "tikedge-usage"): Promise<string> {
  await neonGraveyard(database.connectAs("ops")).bury([{ id, queue: from, reason: "kind: expected event", body }]);
  const { rows } = await database.owner.query<{ id: string }>(
    "SELECT entry_id AS id FROM app.dead_messages WHERE id = $1",
    [id],
  );
  return rows[0]?.id ?? "";
}

const list = async (query = "") => (await operator()("GET", `/v1/dead-messages${query}`)).body["data"] as Row[];

it("lists what was buried, newest first, page by page, by queue and by state", async () => {
  const ids = [await bury("first"), await bury("second", {}, "tikedge-control-dead"), await bury("third")];
  const call = operator();
  const { body } = await call("GET", "/v1/dead-messages?limit=2");
  expect((body["data"] as Row[]).map(({ message_id }) => message_id)).toEqual(["third", "second"]);
  expect((await list(`?limit=2&cursor=${String(body["next_cursor"])}`)).map(({ id }) => id)).toEqual([ids[0]]);
  expect((await list("?queue=tikedge-control-dead")).map(({ id }) => id)).toEqual([ids[1]]);
  await call("DELETE", `/v1/dead-messages/${ids[0]}`, { body: {} });
  await call("POST", `/v1/dead-messages/${ids[2]}/replay`, { body: {} });
  for (const [state, at] of [
    ["dropped", 0],
    ["buried", 1],
    ["replayed", 2],
  ] as const)
    expect(
      (await list(`?state=${state}`)).map(({ id }) => id),
      state,
    ).toEqual([ids[at]]);
});

it.each([
  { body: null, because: "nothing was in it" },
  { body: "half \uD83D and \0", because: "PostgreSQL's jsonb and text hold neither" },
  { body: JSON.parse('{"__proto__": {"admin": true}, "constructor": 1}') as unknown, because: "names can be traps" },
  { body: [1, [2, [3, "<script>"]]], because: "it need not be an object" },
])("shows a body as it is, because $because, and sends it again so", async ({ body }) => {
  const id = await bury("hostile", body);
  const call = operator();
  const shown = await call("GET", `/v1/dead-messages/${id}`);
  expect(shown).toMatchObject({ status: 200, body: { state: "buried", replays: 0, reason: "kind: expected event" } });
  expect(JSON.stringify(shown.body["body"])).toBe(JSON.stringify(body));
  expect(await list()).toMatchObject([{ excerpt: JSON.stringify(body) }]);
  expect((await call("POST", `/v1/dead-messages/${id}/replay`, { body: {} })).status).toBe(202);
  expect(JSON.stringify(sent)).toBe(JSON.stringify([{ queue: "usage", body }]));
});

it("shows no more than the beginning of a body in a list, for a page may have a hundred of 128 KiB", async () => {
  await bury("long", { text: "x".repeat(100_000) });
  expect((await list())[0]?.excerpt).toHaveLength(500);
});

it.each([
  { from: "tikedge-usage", to: "usage" },
  { from: "tikedge-usage-dead", to: "usage" },
  { from: "tikedge-control", to: "control" },
  { from: "tikedge-control-dead", to: "control" },
])("sends what was buried of $from to the $to queue", async ({ from, to }) => {
  await operator()("POST", `/v1/dead-messages/${await bury("m", { kind: "k" }, from)}/replay`, { body: {} });
  expect(sent).toEqual([{ queue: to, body: { kind: "k" } }]);
});

it("changes nothing and says 503 when the queue refuses, because what is noted as sent nobody looks at again", async () => {
  const id = await bury("m");
  queueIsDown = true;
  const refused = await operator()("POST", `/v1/dead-messages/${id}/replay`, { body: {} });
  expect(refused).toMatchObject({ status: 503, body: { detail: expect.stringContaining("Nothing was done") } });
  expect(await list("?state=buried")).toHaveLength(1);
});

it("replays as often as it is told, counts it, and drops nothing that is on its way", async () => {
  const id = await bury("m");
  const call = operator();
  for (const replays of [1, 2]) {
    const { body } = await call("POST", `/v1/dead-messages/${id}/replay`, { body: {} });
    expect(body).toMatchObject({ state: "replayed", replays, replayed_at: expect.any(String) });
  }
  expect(await call("DELETE", `/v1/dead-messages/${id}`, { body: {} })).toMatchObject({ status: 409 });
});

it("drops for good and keeps the row to be read, and sends nothing of it ever again", async () => {
  const id = await bury("m");
  const call = operator();
  const dropped = await call("DELETE", `/v1/dead-messages/${id}`, { body: {} });
  expect(dropped).toMatchObject({ status: 200, body: { state: "dropped" } });
  const again = await call("DELETE", `/v1/dead-messages/${id}`, { body: {} });
  expect(again).toEqual(dropped);
  expect(await call("POST", `/v1/dead-messages/${id}/replay`, { body: {} })).toMatchObject({
    status: 409,
    problem: "conflict",
  });
  expect(sent).toEqual([]);
  expect((await call("GET", `/v1/dead-messages/${id}`)).status).toBe(200);
});

it("says that it was dropped when somebody did while it was sent, because a row that is dropped stays so", async () => {
  const id = await bury("m");
  meanwhile = () => operator()("DELETE", `/v1/dead-messages/${id}`, { body: {} });
  const refused = await operator()("POST", `/v1/dead-messages/${id}/replay`, { body: {} });
  expect(refused).toMatchObject({ status: 409, body: { detail: "It was dropped." } });
  expect(await list("?state=dropped")).toMatchObject([{ replays: 0 }]);
});

it("writes who decided into the platform's audit log", async () => {
  const [replayed, dropped] = [await bury("m"), await bury("n")];
  await operator()("POST", `/v1/dead-messages/${replayed}/replay`, { body: {} });
  await operator()("DELETE", `/v1/dead-messages/${dropped}`, { body: {} });
  const { rows } = await database.owner.query(
    "SELECT action, subject, actor_kind FROM app.audit_log WHERE subject = ANY ($1) ORDER BY id",
    [[replayed, dropped]],
  );
  expect(rows).toEqual([
    { action: "dead-message.replay", subject: replayed, actor_kind: "operator" },
    { action: "dead-message.drop", subject: dropped, actor_kind: "operator" },
  ]);
});

it.each(["GET /", "POST /replay", "DELETE /"])("answers 404 for what is not there: %s", async (route) => {
  const [method = "", path = ""] = route.split(" ");
  const missing = `/v1/dead-messages/0199c0de-0000-7000-8000-0000000000ff${path === "/" ? "" : path}`;
  expect(await operator()(method, missing, method === "GET" ? {} : { body: {} })).toMatchObject({ status: 404 });
  expect(sent).toEqual([]);
});

it.each(["?queue=a%00b", "?state=forgotten", "?cursor=first"])(
  "names what is wrong with a query: %s",
  async (query) => {
    expect(await operator()("GET", `/v1/dead-messages${query}`)).toMatchObject({
      status: 400,
      problem: "invalid-parameters",
    });
  },
);
