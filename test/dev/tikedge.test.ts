import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../../dev/wrangler.ts";
import { useGateway } from "../support/use-gateway.ts";

type Ran = { readonly code: number | null; readonly out: string; readonly err: string };
type Around = { readonly env: Readonly<Record<string, string>>; readonly stdin?: string };

/** The command line as a script runs it: with no terminal to ask at. */
async function tikedge(args: readonly string[], { env, stdin = "" }: Around): Promise<Ran> {
  const child = spawn(process.execPath, [join(ROOT, "dev", "tikedge.ts"), ...args], {
    env: Object.assign({}, process.env, { STATE_DIR: "/nonexistent" }, env),
  });
  const { promise: ended, resolve } = Promise.withResolvers<number | null>();
  child.once("close", resolve);
  child.stdin.end(stdin);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, out, err };
}

const TENANT = "0199c0de-0000-7000-8000-000000000001";

const Thing = v.looseObject({ id: v.string() });
const Issued = v.looseObject({ id: v.string(), key: v.string() });
const Page = v.object({ data: v.array(v.looseObject({ action: v.optional(v.string()) })), next_cursor: v.null() });

describe("the command line, against a gateway", () => {
  const running = useGateway();
  const run = (args: readonly string[], stdin = "") => {
    const { stack, gateway } = running();
    const env = { TIKEDGE_URL: gateway.url, TIKEDGE_TOKEN: stack.settings["ADMIN_TOKEN"] ?? "" };
    return tikedge(args, { env, stdin });
  };
  const json = async <T>(schema: v.GenericSchema<unknown, T>, args: readonly string[]): Promise<T> => {
    const { code, out, err } = await run([...args, "--json"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    return v.parse(v.pipe(v.string(), v.parseJson(), schema), out);
  };

  it("takes a tenant from its first day to its last", async () => {
    const { gateway } = running();
    const { id } = await json(Thing, ["tenant", "create", "--name", "Harbour", "--plan", "pro"]);
    const { key, id: keyId } = await json(Issued, ["key", "issue", "--tenant", id, "--permissions", "data,manage"]);
    const status = async () => (await gateway.get("/userid/?username=tiktok", { key })).status;
    expect(await status()).toBe(200);

    const asTenant = await tikedge(["tenant", "get", id], { env: { TIKEDGE_URL: gateway.url, TIKEDGE_TOKEN: key } });
    expect(asTenant).toMatchObject({ code: 1, out: "", err: expect.stringMatching(/^Not permitted: /) });
    expect((await run(["key", "list", "--tenant", id])).out).toMatch(/^id +kind +name .*\n[0-9A-Za-z]{12} +secret +/);

    expect((await run(["key", "revoke", keyId, "--tenant", id])).code).toBe(0);
    await expect.poll(status, { timeout: 12_000 }).toBe(401);
    expect((await run(["tenant", "delete", id])).code).toBe(0);
    expect((await run(["tenant", "get", id])).err).toMatch(/^Not found: /);
  });

  it("reads an upstream key from stdin and shows it nowhere, since arguments and output are read by others", async () => {
    const own = "own-upstream-key-of-lantern";
    await running().upstream.setKey({ key: own, state: "active", credits: null, downloadTier: true });
    const { id } = await json(Thing, ["tenant", "create", "--name", "Lantern", "--plan", "pro"]);
    const set = await run(["upstream-key", "set", "--tenant", id], `${own}\n`);
    expect({ ...set, out: "" }).toEqual({ code: 0, out: "", err: "" });
    const got = await run(["upstream-key", "get", "--tenant", id]);
    expect(got.out).toMatch(/^mode +byo$/m);
    expect(set.out + got.out).not.toContain(own);
    const { data } = await json(Page, ["audit", "list", "--tenant", id]);
    expect(data.map(({ action }) => action)).toEqual(expect.arrayContaining(["tenant.create"]));
  });

  it("purges a pool by subject, and a tenant's own view of it, and says what", async () => {
    const purged = await run(["cache", "purge", "--subject", "user:@TikTok", "--region", "default"]);
    expect(purged).toMatchObject({ code: 0, err: "" });
    expect(purged.out).toMatch(/^purged +\["user:@tiktok".*\]\nmode +hard\nscope +pool:default\n/);
    const { id } = running().stack.tenant("shared");
    const own = await run(["cache", "purge", "--everything", "--mode", "soft", "--tenant", id]);
    expect(own.out).toMatch(new RegExp(`^purged +\\["everything"\\]\nmode +soft\nscope +tenant:${id}\n`));
    expect(await run(["cache", "purge"])).toMatchObject({ code: 1, err: expect.stringContaining("exactly one of") });
  });

  it("prints what is wrong by name, on stderr, and exits with 1: a script must not go on with it", async () => {
    const refused = await run(["tenant", "get", "not-an-id"]);
    expect(refused).toMatchObject({ code: 1, out: "" });
    expect(refused.err).toMatch(/^Invalid parameters: .+\n {2}tenantId is not a UUID in lower case\n {2}request_id: /);
  });
});

type Recorded = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};
type Reply = { readonly status: number; readonly body: unknown } | "reset";

describe("the command line, against a gateway that notes what it is sent", () => {
  const recorded: Recorded[] = [];
  let replies: Reply[] = [];
  let url: string;
  let stateDir: string;
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = "", url = "", headers } = request;
    recorded.push({ method, url, headers, body: await text(request) });
    const reply = replies.shift() ?? { status: 200, body: { data: [], next_cursor: null } };
    if (reply === "reset") return void request.socket.destroy();
    return void response
      .writeHead(reply.status, { "content-type": "application/json" })
      .end(JSON.stringify(reply.body));
  };
  const server = createServer((request, response) => void answer(request, response));

  beforeAll(async () => {
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    stateDir = await mkdtemp(join(tmpdir(), "tikedge-cli-"));
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await rm(stateDir, { recursive: true, force: true });
  });

  const run = async (
    args: readonly string[],
    given: readonly Reply[] = [],
    env: Readonly<Record<string, string>> = {},
  ) => {
    recorded.length = 0;
    replies = [...given];
    return tikedge(args, { env: { TIKEDGE_URL: url, TIKEDGE_TOKEN: "token-of-the-test", ...env } });
  };
  it.each([
    { command: "tenant create --name A --plan pro", sends: "POST /v1/tenants", body: { name: "A", plan: "pro" } },
    { command: "tenant update 7 --monthly-quota none", sends: "PATCH /v1/tenants/7", body: { monthly_quota: null } },
    { command: "tenant suspend 7", sends: "POST /v1/tenants/7/suspend", body: {} },
    { command: "tenant resume 7", sends: "POST /v1/tenants/7/resume", body: {} },
    { command: "tenant delete 7", sends: "DELETE /v1/tenants/7", body: {} },
    {
      command: "key issue --publishable --origins https://a.example --endpoints /userid/ --daily-requests 5",
      sends: "POST /v1/keys",
      body: { kind: "publishable", origins: ["https://a.example"], endpoints: ["/userid/"], daily_requests: 5 },
    },
    {
      command: "key rotate 7 --overlap-minutes 5",
      sends: "POST /v1/keys/7/rotate",
      body: { overlap_minutes: 5 },
    },
    { command: "key revoke 7", sends: "DELETE /v1/keys/7", body: {} },
    { command: "upstream-key remove", sends: "DELETE /v1/upstream-key", body: {} },
    { command: "user set ann --role admin", sends: "PUT /v1/users/ann", body: { role: "admin" } },
    { command: "user remove ann", sends: "DELETE /v1/users/ann", body: {} },
    { command: "dead replay 7", sends: "POST /v1/dead-messages/7/replay", body: {} },
    { command: "dead drop 7", sends: "DELETE /v1/dead-messages/7", body: {} },
    { command: "delivery replay 7", sends: "POST /v1/webhook-deliveries/7/replay", body: {} },
    {
      command: "reading add 7 --balance 9000 --bought 500 --read-at 2026-01-31T12:00:00Z",
      sends: "POST /v1/platform-keys/7/readings",
      body: { balance: 9_000, bought: 500, read_at: "2026-01-31T12:00:00Z" },
    },
    { command: "platform-key restore 7", sends: "POST /v1/platform-keys/7/restore", body: {} },
  ])("'$command' sends $sends", async ({ command, sends, body }) => {
    expect(await run(command.split(" "), [{ status: 200, body: { id: "7" } }])).toMatchObject({ code: 0 });
    expect(recorded.map(({ method, url }) => `${method} ${url}`)).toEqual([sends]);
    expect(recorded.map((sent) => JSON.parse(sent.body))).toEqual([body]);
  });

  const keys = () => recorded.map(({ headers }) => headers["idempotency-key"]);

  it("repeats a request whose answer was lost, under one idempotency key, so that nothing is done twice", async () => {
    const done = await run(["webhook", "delete", "1"], ["reset", { status: 200, body: { id: "1" } }]);
    expect(done).toMatchObject({ code: 0, out: "id  1\n" });
    const [first] = keys();
    expect(first).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys()).toEqual([first, first]);
    await run(["webhook", "delete", "1"], [{ status: 200, body: { id: "1" } }]);
    expect(keys()).not.toEqual([first]);
  });

  it("gives up after the second loss, and says where it could not get", async () => {
    const lost = await run(["webhook", "list"], ["reset", "reset"]);
    expect(lost).toMatchObject({ code: 1, out: "", err: expect.stringContaining(url) });
    expect(recorded).toHaveLength(2);
  });

  it("names the tenant and shows who it is, and gives a page that is not the last its cursor", async () => {
    const page = { data: [{ subject: "ada", role: "owner", created_at: "2026-01-31" }], next_cursor: "next" };
    const listed = await run(["user", "list", "--tenant", TENANT, "--limit", "1"], [{ status: 200, body: page }]);
    expect(listed.out).toBe("subject  role   created_at\nada      owner  2026-01-31\nmore: --cursor next\n");
    expect(recorded).toMatchObject([
      {
        method: "GET",
        url: "/v1/users?limit=1",
        headers: { authorization: "Bearer token-of-the-test", "tikedge-tenant": TENANT },
      },
    ]);
    expect(keys()).toEqual([undefined]);
    await run(["delivery", "list", "--status", "dead", "--limit", "1"]);
    expect(recorded.map((request) => request.url)).toEqual(["/v1/webhook-deliveries?limit=1&status=dead"]);
  });

  it.each([
    { command: "dead show 7", sends: "/v1/dead-messages/7" },
    {
      command: "dead list --queue tikedge-usage --state buried --limit 5",
      sends: "/v1/dead-messages?limit=5&queue=tikedge-usage&state=buried",
    },
    { command: "usage", sends: "/v1/usage" },
    { command: "latency --from 2026-01-01", sends: "/v1/latency?from=2026-01-01" },
    { command: "quota", sends: "/v1/quota" },
    {
      command: "explain /userid/?username=tiktok",
      sends: "/v1/explain?path=%2Fuserid%2F%3Fusername%3Dtiktok",
    },
    {
      command: "usage --from 2026-01-01 --to 2026-01-31 --group endpoint",
      sends: "/v1/usage?from=2026-01-01&to=2026-01-31&group=endpoint",
    },
    { command: "invoice list --limit 3", sends: "/v1/invoices?limit=3" },
    { command: "invoice get 2026-01", sends: "/v1/invoices/2026-01?format=json" },
    { command: "reading list 7 --limit 3", sends: "/v1/platform-keys/7/readings?limit=3" },
    { command: "balance 7", sends: "/v1/platform-keys/7/balance" },
  ])("'$command' reads $sends", async ({ command, sends }) => {
    expect(await run(command.split(" "))).toMatchObject({ code: 0 });
    expect(recorded.map(({ method, url }) => `${method} ${url}`)).toEqual([`GET ${sends}`]);
  });

  it("shows usage as a table with its total, and an invoice's CSV as it is, for a spreadsheet", async () => {
    const usage = { from: "2026-01-01", to: "2026-01-02", group: "day", data: [{ group: "2026-01-01", calls: 5 }] };
    const shown = await run(["usage"], [{ status: 200, body: { ...usage, total: { calls: 15 } } }]);
    expect(shown.out).toBe("group       calls\n2026-01-01  5\ntotal       15\n");
    const csv = await run(["invoice", "get", "2026-01", "--csv"], [{ status: 200, body: "a,b" }]);
    expect(csv.out).toBe('"a,b"\n');
    const refused = await run(
      ["invoice", "get", "2026-01", "--csv"],
      [{ status: 404, body: { title: "No", detail: "x" } }],
    );
    expect(refused).toMatchObject({ code: 1, out: "", err: "No: x\n" });
  });

  it("rotates the wrapping key until nothing remains, and not for ever when something cannot be opened", async () => {
    const round = (rewrapped: number, remaining: number): Reply => ({
      status: 200,
      body: { version: 2, rewrapped, remaining, unreadable: 0 },
    });
    const done = await run(["wrapping-key", "rotate"], [round(100, 7), round(7, 0)]);
    expect(done).toMatchObject({ code: 0, err: "100 wrapped anew, 7 to go\n7 wrapped anew, 0 to go\n" });
    const stuck = await run(["wrapping-key", "rotate"], [round(5, 2), round(0, 2)]);
    expect(stuck).toMatchObject({ code: 1, err: expect.stringContaining("keep the old wrapping key") });
    expect(recorded).toHaveLength(2);
  });

  it.each([
    { args: ["tenant", "dance"], says: "NOUN VERB", because: "there is no such command" },
    { args: ["alert", "dance"], says: 'no command "alert dance"', because: "it is told which" },
    {
      args: ["key", "list", "--tenant", "01a2…"],
      says: "--tenant is not a tenant's id",
      because: "a sample was copied",
    },
    { args: ["me", "--token", "tke_live_…"], says: "the token is none", because: "a sample was copied" },
    { args: ["webhook", "create", "https://a.example"], says: "--events is missing", because: "it would hear nothing" },
    {
      args: ["webhook", "create", "https://a.example", "--events", "x"],
      says: "--events is one of",
      because: "no such event",
    },
    { args: ["tenant", "create"], says: "--name is missing", because: "a tenant has a name" },
    { args: ["tenant", "get"], says: "takes TENANT-ID", because: "no tenant is meant" },
    { args: ["tenant", "get", "1", "2"], says: "takes TENANT-ID", because: "two tenants cannot both be meant" },
    { args: ["tenant", "create", "--name", "x", "--plan", "gold"], says: "--plan is one of", because: "no such plan" },
    { args: ["tenant", "list", "--limit"], says: "--limit", because: "an option lacks its value" },
    {
      args: ["key", "list", "--colour", "red"],
      says: "--colour",
      because: "a mistyped option may not pass in silence",
    },
    { args: ["key", "rotate", "k", "--overlap-minutes", "soon"], says: "whole number", because: "that is no number" },
    {
      args: ["key", "issue", "--origins", "https://app.example.com", "--endpoints", "/userid/"],
      says: "--origins is for publishable keys",
      because: "a secret key would be put on a page",
    },
    {
      args: ["key", "issue", "--publishable", "--permissions", "manage"],
      says: "--permissions is for secret keys",
      because: "what a page may do is not chosen",
    },
    { args: ["usage", "--group", "week"], says: "--group is one of", because: "usage is not summed so" },
    { args: ["reading", "add", "7"], says: "--balance is missing", because: "nothing was read" },
    { args: ["delivery", "list", "--status", "lost"], says: "--status is one of", because: "no delivery is that" },
    { args: ["me", "--base-url", "tikedge"], says: "tikedge is not a URL", because: "that is nowhere" },
  ])("sends nothing and exits with 2 for $args: $because", async ({ args, says }) => {
    const misused = await run(args);
    expect(misused).toMatchObject({ code: 2, out: "", err: expect.stringContaining(says) });
    expect(recorded).toEqual([]);
  });

  it("sends the local stack's token to the local stack only", async () => {
    const local = {
      baseUrl: url,
      adminToken: "local-admin-token",
      tenants: [],
      cronUrl: "",
      redisUrl: "",
      databaseUrl: "",
    };
    await writeFile(join(stateDir, "dev.json"), JSON.stringify({ ...local, upstreamUrl: "" }));
    const env = { TIKEDGE_URL: "", TIKEDGE_TOKEN: "", STATE_DIR: stateDir };
    expect((await run(["tenant", "list"], [], env)).code).toBe(0);
    expect(recorded[0]?.headers.authorization).toBe("Bearer local-admin-token");
    const elsewhere = await run(["tenant", "list", "--base-url", url], [], env);
    expect(elsewhere).toMatchObject({ code: 2, err: expect.stringContaining("TIKEDGE_TOKEN") });
    expect(recorded).toEqual([]);
  });

  it("tells of every command when asked", async () => {
    const asked = await run(["--help"]);
    expect(asked.code).toBe(0);
    for (const noun of [
      "tenant",
      "key",
      "upstream-key",
      "user",
      "audit",
      "webhook",
      "delivery",
      "plan",
      "platform-key",
    ])
      expect(asked.out).toContain(`\n${noun} list`.replace("upstream-key list", "upstream-key set"));
    expect((await run(["key", "rotate", "--help"])).out).toContain("--overlap-minutes N");
    const noun = await run(["delivery"]);
    expect(noun).toMatchObject({ code: 2, err: expect.stringContaining("\ndelivery replay DELIVERY-ID\n") });
    expect(noun.err).not.toContain("\ntenant list");
  });
});
