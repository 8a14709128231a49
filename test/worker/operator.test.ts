import { Redis } from "ioredis";
import { beforeAll, expect, it } from "vitest";
import { PLATFORM } from "../../src/core/act.ts";
import { books } from "../support/books.ts";
import { storeKey, storeSharedTenant } from "../support/cast.ts";
import { eventually } from "../support/eventually.ts";
import { redisFaults } from "../support/redis-faults.ts";
import { useGateway } from "../support/use-gateway.ts";
import { visitor } from "../support/visitor.ts";

const [FIRST, SECOND] = ["first-platform-key", "second-platform-key"];
const HOSTILE = `</pre><script>alert(1)</script>`;

const running = useGateway({
  TIKLIVE_KEY: `${FIRST},${SECOND}`,
  PLATFORM_KEY_OUT_MS: "600000",
});
const query = (sql: string, params: readonly unknown[] = []) =>
  books(running().stack.database.url).query<{ id: string }>(sql, params);

const account = { state: "active", credits: null, downloadTier: true };
beforeAll(() => Promise.all([FIRST, SECOND].map((key) => running().upstream.setKey({ key, ...account }))));

/** The operator, signed in. */
async function operator() {
  const { gateway, stack } = running();
  const person = visitor(gateway);
  await person.post("/dashboard/sign-in", { fields: { key: stack.settings["ADMIN_TOKEN"] ?? "" } });
  return person;
}

async function bury(id: string): Promise<string> {
  const [row] = await query(
    `INSERT INTO app.dead_messages (id, queue, reason, body) VALUES ($1, 'tikedge-usage', 'kind: expected event', $2)
     RETURNING entry_id AS id`,
    [id, JSON.stringify({ kind: HOSTILE })],
  );
  return row?.id ?? "";
}

it.each(["/dashboard/operator", "/dashboard/operator/tenants", "/dashboard/operator/dead-messages"])(
  "%s is nobody's but the operator's: others are led to where they may be, without a word of it",
  async (path) => {
    const { gateway, stack } = running();
    const nobody = await visitor(gateway).get(path);
    expect([nobody.status, nobody.headers.get("location")]).toEqual([303, "/dashboard/sign-in"]);
    const owner = visitor(gateway);
    const key = await storeKey(stack, { tenantId: stack.tenant("shared").id, permissions: ["manage"] });
    await owner.post("/dashboard/sign-in", { fields: { key } });
    const led = await owner.get(path);
    expect([led.status, led.headers.get("location"), led.text.trim()]).toEqual([303, "/dashboard", ""]);
    expect(led.headers.get("cache-control")).toBe("no-store");
  },
);

it("shows the deployment: what answers, each tenant's margin, keys, what waits, what happened and what is hot", async () => {
  const { gateway, stack } = running();
  const { id, apiKey } = await storeSharedTenant(stack, "pro");
  const redis = new Redis(stack.redis.url);
  const call = ["/userid/", [["username", "hot"]]];
  await redis.zadd("tkw:hot", Date.now(), JSON.stringify(["1", "pool:default", "", ...call]));
  redis.disconnect();
  for (const username of ["hot", "hot", "cold"]) await gateway.get(`/userid/?username=${username}`, { key: apiKey });
  await query(
    `INSERT INTO app.webhook_events (tenant_id, id, type, data, announced_at)
     VALUES ($1, uuidv7(), 'ledger.drift', $2, now()), ($1, uuidv7(), 'ledger.partitions', '{"missing": ["2027-03"]}', now())`,
    [PLATFORM, JSON.stringify({ tenant_id: id, window: "daily", counted: 3, booked: 5 })],
  );
  const person = await operator();
  const { text } = await eventually(async () => {
    const page = await person.get("/dashboard/operator");
    expect(page.status).toBe(200);
    // Two credits at a hundredth of a cent each, of a plan that costs $49.
    expect(page.text).toMatch(/Added pro 2 0 0 \$49\.00 \$0\.0002 \$48\.9998/);
    expect(page.text).toMatch(/username=hot pool:default \d/);
    return page;
  });
  expect(text).toMatch(/redis answers postgres answers|postgres answers redis answers/);
  expect(text.match(/platform-[0-9a-f]{8} in-use/g)).toHaveLength(2);
  expect(text).toMatch(/Open reservations 0 – –/);
  expect(text).toMatch(/Dead messages to be decided on 0 – –/);
  expect(text).toContain(`The daily counter of tenant ${id} said 3, and the books 5: it was raised.`);
  expect(text).toContain('ledger.partitions {"missing":["2027-03"]');
  expect(text).toContain("a Worker cannot see");
  const tenants = await person.get("/dashboard/operator/tenants");
  expect(tenants.text).toContain("Added pro 2");
  const chosen = await person.post("/dashboard/tenant", { fields: { tenant: id } });
  expect(chosen.headers.get("location")).toBe("/dashboard");
  // Who looks at one tenant is still shown the platform's own here.
  expect((await person.get("/dashboard/operator")).text).toContain("ledger.drift");
});

it("puts an upstream key back into use that was taken out, when the operator says so", async () => {
  const { gateway, upstream, shared } = running();
  await upstream.setKey({ key: SECOND, ...account, state: "suspended" });
  const person = await operator();
  let asked = 0;
  const out = await eventually(async () => {
    await gateway.get(`/userid/?username=out${(asked += 1)}`, { key: shared });
    const page = await person.get("/dashboard/operator");
    const [, id] = /(platform-[0-9a-f]{8}) out/.exec(page.text) ?? [];
    if (id === undefined) throw new Error("the key is not out yet");
    expect(page.text).toContain("costs nothing by itself");
    return id;
  });
  await upstream.setKey({ key: SECOND, ...account });
  const restored = await person.post(`/dashboard/operator/upstream-keys/${out}/restore`);
  expect([restored.status, restored.headers.get("location")]).toEqual([303, "/dashboard/operator?done=restored"]);
  const page = await person.get("/dashboard/operator?done=restored");
  expect(page.text).toContain("The upstream key is in use again.");
  expect(page.text).toContain(`${out} in-use`);
});

it("sends a dead message again or drops it, each from a form of its own page, and shows a hostile body as text", async () => {
  const [kept, dropped] = [await bury("hostile"), await bury("dropped")];
  const person = await operator();
  const path = (id: string) => `/dashboard/operator/dead-messages/${id}`;
  expect((await person.get("/dashboard/operator/dead-messages?state=buried")).text).toContain("kind: expected event");

  const page = await person.get(path(kept));
  expect(page.html).not.toContain("<script");
  expect(page.text).toContain(HOSTILE);
  const foreign = await person.post(`${path(kept)}/replay`, { fields: { csrf: "0".repeat(32) } });
  expect(foreign.status).toBe(403);
  await person.get(path(kept));
  const replayed = await person.post(`${path(kept)}/replay`);
  expect(replayed.headers.get("location")).toBe("/dashboard/operator/dead-messages?done=replayed");
  await eventually(async () => {
    const again = await query("SELECT id FROM app.dead_messages WHERE reason LIKE 'kind: %' AND id <> ALL ($1)", [
      ["hostile", "dropped"],
    ]);
    expect(again, "what is malformed is buried again").toHaveLength(1);
  });

  const asking = await person.get(path(dropped));
  expect(asking.text).toContain("It is never sent again, and what it says is never recorded.");
  await person.post(`${path(dropped)}/drop`);
  const listed = await person.get("/dashboard/operator/dead-messages?state=dropped&done=dropped");
  expect([listed.text.includes("It is dropped."), listed.html.includes(dropped)]).toEqual([true, true]);
  const gone = await person.get(path(dropped));
  expect([gone.html.includes(`${dropped}/drop`), gone.html.includes(`${dropped}/replay`)]).toEqual([false, false]);
});

it("says in words that a dead message is not there, or that its state is none", async () => {
  const person = await operator();
  const absent = await person.get("/dashboard/operator/dead-messages/0199c0de-0000-7000-8000-00000000beef");
  expect([absent.status, absent.text.includes("There is nothing with this id.")]).toEqual([404, true]);
  const wrong = await person.get("/dashboard/operator/dead-messages?state=lost");
  expect([wrong.status, wrong.text.includes("state")]).toEqual([400, true]);
});

it("shows what Postgres knows while Redis does not answer, because that is when the operator looks", async () => {
  const person = await operator();
  const redis = redisFaults(running().stack);
  await redis.set({ kind: "down" });
  try {
    const page = await person.get("/dashboard/operator");
    expect(page.status).toBe(200);
    expect(page.text).toMatch(/Open reservations does not answer – –/);
    expect(page.text).toMatch(/Dead messages to be decided on \d/);
    expect(page.text).toContain("To be billed $");
    expect(page.text.match(/Temporarily reduced capacity/gi)?.length ?? 0, page.text).toBe(2);
  } finally {
    await redis.heal();
  }
});
