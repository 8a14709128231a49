import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { text as readAll } from "node:stream/consumers";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { hc } from "hono/client";
import * as v from "valibot";
import type { AppType } from "../src/app.ts";
import { DeadMessageState } from "../src/core/dead-message.ts";
import { PurgeMode } from "../src/core/purge.ts";
import {
  DeliveryView,
  EventType,
  OnInvalidKey,
  Permission,
  PlanName,
  UserRole,
  WrappingRotation,
} from "../src/core/resources.ts";
import { UsageView } from "../src/core/statement-resources.ts";
import { isUuid } from "../src/core/uuid7.ts";
import { readSettings } from "./settings.ts";
import { stateIn } from "./state.ts";

type Client = ReturnType<typeof hc<AppType>>;
type Answer = { readonly ok: boolean; text(): Promise<string> };

type Command = {
  /** Positions in capitals and options, those in brackets may be left out: the parser goes by it. */
  readonly takes: string;
  readonly does: string;
  /** What is to be agreed to first, when there is somebody to ask. */
  readonly warns?: string;
  /** Of a table for people; all fields when left out. */
  readonly columns?: string;
  run(client: Client, given: Given): Promise<Answer>;
};

const HELP = `npm run -s tikedge -- NOUN VERB [options]

  --tenant ID        for whom the operator or a person acts
  --json             prints what the gateway answered, as it is
  --yes              asks nothing
  --base-url URL     or TIKEDGE_URL: the gateway; without it, the local stack of STATE_DIR
  --token TOKEN      or TIKEDGE_TOKEN, which other processes cannot read: the operator's token, a key, or an identity token

Exit codes: 0 done, 1 refused or not reached, 2 called in a way that means nothing.
`;

const PAGE = "[--limit N] [--cursor CURSOR]";
const TENANT_FIELDS =
  "[--plan PLAN] [--region REGION] [--on-invalid-key shared|refuse] [--trial-ends-at TIME|none] [--monthly-quota CREDITS|none]";

const commands: Readonly<Record<string, Command>> = {
  me: { takes: "", does: "Say who you are to the gateway", run: (client) => client.v1.me.$get() },
  "plan list": { takes: "", does: "List the plans", run: (client) => client.v1.plans.$get() },
  "tenant create": {
    takes: `--name NAME ${TENANT_FIELDS}`,
    does: "Create a tenant on the platform's keys",
    run: (client, given) => client.v1.tenants.$post({ json: { ...tenantFields(given), name: given.needed("name") } }),
  },
  "tenant list": {
    takes: PAGE,
    columns: "id name plan status key_mode region tiklive_key_last4 trial_ends_at deleted_at",
    does: "List tenants",
    run: (client, given) => client.v1.tenants.$get(paged(given)),
  },
  "tenant get": {
    takes: "TENANT-ID",
    does: "Read a tenant",
    run: (client, given) => client.v1.tenants[":tenantId"].$get(tenant(given)),
  },
  "tenant update": {
    takes: `TENANT-ID [--name NAME] ${TENANT_FIELDS}`,
    does: "Change a tenant",
    run: (client, given) =>
      client.v1.tenants[":tenantId"].$patch({
        ...tenant(given),
        json: { ...tenantFields(given), ...present({ name: given.text("name") }) },
      }),
  },
  "tenant suspend": {
    takes: "TENANT-ID",
    does: "Suspend a tenant: its keys get 403",
    warns: "All keys of this tenant stop working.",
    run: (client, given) => client.v1.tenants[":tenantId"].suspend.$post({ ...tenant(given), json: {} }),
  },
  "tenant resume": {
    takes: "TENANT-ID",
    does: "Lift a suspension",
    run: (client, given) => client.v1.tenants[":tenantId"].resume.$post({ ...tenant(given), json: {} }),
  },
  "tenant delete": {
    takes: "TENANT-ID",
    does: "Delete a tenant: its keys end, its usage is kept",
    warns: "The keys of this tenant end for good.",
    run: (client, given) => client.v1.tenants[":tenantId"].$delete({ ...tenant(given), json: {} }),
  },
  "key issue": {
    takes:
      "[--name NAME] [--permissions P,P] [--endpoints PATH,PATH] [--expires-at TIME] " +
      "[--publishable] [--origins URL,URL] [--daily-requests N]",
    does: "Issue a gateway key; it is shown once",
    run: (client, given) => client.v1.keys.$post({ json: newKey(given) }),
  },
  "key list": {
    takes: PAGE,
    columns: "id kind name last4 permissions last_used_on expires_at revoked_at",
    does: "List gateway keys",
    run: (client, given) => client.v1.keys.$get(paged(given)),
  },
  "key rotate": {
    takes: "KEY-ID [--overlap-minutes N]",
    does: "Replace a key; the old one works on for the overlap",
    run: (client, given) =>
      client.v1.keys[":keyId"].rotate.$post({
        param: { keyId: given.at(0) },
        json: present({ overlap_minutes: given.number("overlap-minutes") }),
      }),
  },
  "key revoke": {
    takes: "KEY-ID",
    does: "Revoke a gateway key",
    warns: "This key stops working everywhere.",
    run: (client, given) => client.v1.keys[":keyId"].$delete({ param: { keyId: given.at(0) }, json: {} }),
  },
  usage: {
    takes: "[--from DAY] [--to DAY] [--group day|endpoint|key]",
    does: "Read what was used, in this month unless said otherwise",
    run: (client, given) => {
      const group = given.oneOf("group", UsageView.entries.group.options);
      return client.v1.usage.$get({ query: present({ from: given.text("from"), to: given.text("to"), group }) });
    },
  },
  latency: {
    takes: "[--from DAY] [--to DAY]",
    does: "Read how long requests took, in this month unless said otherwise",
    run: (client, given) =>
      client.v1.latency.$get({ query: present({ from: given.text("from"), to: given.text("to") }) }),
  },
  quota: { takes: "", does: "Read what is left of each limit", run: (client) => client.v1.quota.$get() },
  explain: {
    takes: "CALL",
    does: "Say what would happen to a call such as '/userid/?username=tiktok' now, and why",
    run: (client, given) => client.v1.explain.$get({ query: { path: given.at(0) } }),
  },
  "invoice list": {
    takes: PAGE,
    does: "List invoices, newest first",
    run: (client, given) => client.v1.invoices.$get(paged(given)),
  },
  "invoice get": {
    takes: "MONTH [--csv]",
    does: "Read the invoice of a month such as 2026-11",
    run: (client, given) =>
      client.v1.invoices[":month"].$get({
        param: { month: given.at(0) },
        query: { format: given.has("csv") ? "csv" : "json" },
      }),
  },
  "cache purge": {
    takes: "[--path PATH] [--subject SUBJECT] [--everything] [--mode hard|soft] [--region REGION]",
    does: "Purge the answers to a call such as '/userid/?username=tiktok', about a subject such as user:@tiktok, or all",
    warns: "What is purged is paid for again when it is asked for.",
    run: (client, given) =>
      client.v1.cache.purge.$post({
        json: {
          ...present({ path: given.text("path"), subject: given.text("subject"), region: given.text("region") }),
          ...(given.has("everything") ? { everything: true as const } : {}),
          ...present({ mode: given.oneOf("mode", PurgeMode.options) }),
        },
      }),
  },
  "cache report-dead-url": {
    takes: "PATH URL",
    does: "Have an answer fetched again in which a media URL does not work",
    run: (client, given) => client.v1.cache["report-dead-url"].$post({ json: { path: given.at(0), url: given.at(1) } }),
  },
  "upstream-key get": {
    takes: "",
    does: "Read which upstream key pays",
    run: (client) => client.v1["upstream-key"].$get(),
  },
  "upstream-key set": {
    takes: "[--key-file FILE]",
    does: "Bring an upstream key: from a file, from stdin, or typed in",
    run: async (client, given) =>
      client.v1["upstream-key"].$put({ json: { key: await secret(given.text("key-file")) } }),
  },
  "upstream-key remove": {
    takes: "",
    does: "Go back to the platform's keys",
    warns: "The tenant's own key is erased.",
    run: (client) => client.v1["upstream-key"].$delete({ json: {} }),
  },
  "user list": {
    takes: PAGE,
    columns: "subject role created_at",
    does: "List the people",
    run: (client, given) => client.v1.users.$get(paged(given)),
  },
  "user set": {
    takes: "SUBJECT --role owner|admin|member",
    does: "Add a person, or change their role",
    run: (client, given) =>
      client.v1.users[":subject"].$put({
        param: { subject: given.at(0) },
        json: { role: given.chosen("role", UserRole.options) },
      }),
  },
  "user remove": {
    takes: "SUBJECT",
    does: "Remove a person",
    warns: "This person may do nothing more for the tenant.",
    run: (client, given) => client.v1.users[":subject"].$delete({ param: { subject: given.at(0) }, json: {} }),
  },
  "audit list": {
    takes: PAGE,
    columns: "at actor_kind actor_id action subject request_id",
    does: "Read what was done, newest first",
    run: (client, given) => client.v1.audit.$get(paged(given)),
  },
  "alert list": {
    takes: PAGE,
    columns: "at event data",
    does: "List what happened, newest first, whether or not a webhook heard of it",
    run: (client, given) => client.v1.alerts.$get(paged(given)),
  },
  "webhook create": {
    takes: "URL --events TYPE,TYPE",
    does: "Have events sent to a URL; the secret is shown once",
    run: (client, given) =>
      client.v1.webhooks.$post({
        json: { url: given.at(0), events: given.everyOf("events", EventType.options) },
      }),
  },
  "webhook list": {
    takes: PAGE,
    columns: "id url events created_at",
    does: "List webhooks",
    run: (client, given) => client.v1.webhooks.$get(paged(given)),
  },
  "webhook delete": {
    takes: "WEBHOOK-ID",
    does: "Delete a webhook",
    warns: "What it has not been sent yet is lost.",
    run: (client, given) => client.v1.webhooks[":webhookId"].$delete({ param: { webhookId: given.at(0) }, json: {} }),
  },
  "delivery list": {
    takes: `${PAGE} [--status pending|delivered|dead]`,
    columns: "id event status attempts last_status created_at",
    does: "List deliveries to webhooks",
    run: (client, given) => {
      const status = given.oneOf("status", DeliveryView.entries.status.options);
      return client.v1["webhook-deliveries"].$get({ query: { ...paged(given).query, ...present({ status }) } });
    },
  },
  "delivery replay": {
    takes: "DELIVERY-ID",
    does: "Deliver again",
    run: (client, given) =>
      client.v1["webhook-deliveries"][":deliveryId"].replay.$post({ param: { deliveryId: given.at(0) }, json: {} }),
  },
  "dead list": {
    takes: `${PAGE} [--queue QUEUE] [--state buried|replayed|dropped]`,
    columns: "id queue state reason replays buried_at",
    does: "List messages that no consumer could take, newest first",
    run: (client, given) => {
      const state = given.oneOf("state", DeadMessageState.options);
      const query = { ...paged(given).query, ...present({ queue: given.text("queue"), state }) };
      return client.v1["dead-messages"].$get({ query });
    },
  },
  "dead show": {
    takes: "DEAD-MESSAGE-ID",
    does: "Read a dead message with its body",
    run: (client, given) =>
      client.v1["dead-messages"][":deadMessageId"].$get({ param: { deadMessageId: given.at(0) } }),
  },
  "dead replay": {
    takes: "DEAD-MESSAGE-ID",
    does: "Send a dead message to its queue again",
    run: (client, given) =>
      client.v1["dead-messages"][":deadMessageId"].replay.$post({ param: { deadMessageId: given.at(0) }, json: {} }),
  },
  "dead drop": {
    takes: "DEAD-MESSAGE-ID",
    does: "Drop a dead message for good",
    warns: "This message can never be sent again: what it would have recorded stays unrecorded.",
    run: (client, given) =>
      client.v1["dead-messages"][":deadMessageId"].$delete({ param: { deadMessageId: given.at(0) }, json: {} }),
  },
  "platform-key list": {
    takes: "",
    does: "List the platform's upstream keys with their load",
    run: (client) => client.v1["platform-keys"].$get(),
  },
  "platform-key restore": {
    takes: "PLATFORM-KEY-ID",
    does: "Use a platform key again that was taken out",
    run: (client, given) => client.v1["platform-keys"][":id"].restore.$post({ param: { id: given.at(0) }, json: {} }),
  },
  "reading add": {
    takes: "PLATFORM-KEY-ID --balance CREDITS [--bought CREDITS] [--read-at TIME]",
    does: "Enter what the upstream says is left on a platform key",
    run: (client, given) =>
      client.v1["platform-keys"][":id"].readings.$post({
        param: { id: given.at(0) },
        json: {
          balance: given.number("balance") ?? Number(given.needed("balance")),
          ...present({ bought: given.number("bought"), read_at: given.text("read-at") }),
        },
      }),
  },
  "reading list": {
    takes: `PLATFORM-KEY-ID ${PAGE}`,
    columns: "read_at balance bought spent_by_reading credits_charged credits_in_doubt difference explained",
    does: "List readings of a platform key's balance beside the books",
    run: (client, given) =>
      client.v1["platform-keys"][":id"].readings.$get({ param: { id: given.at(0) }, ...paged(given) }),
  },
  balance: {
    takes: "PLATFORM-KEY-ID",
    does: "Estimate what is left on a platform key, and until when",
    run: (client, given) => client.v1["platform-keys"][":id"].balance.$get({ param: { id: given.at(0) } }),
  },
  "wrapping-key rotate": {
    takes: "",
    does: "Wrap every stored secret with the newest wrapping key",
    run: rotateWrappingKey,
  },
};

/** What was wrong is how it was called. */
class Misused extends Error {
  override readonly name = "Misused";
}

/** Resolves to the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const name = [args.slice(0, 2).join(" "), args[0] ?? ""].find((name) => Object.hasOwn(commands, name)) ?? "";
  const command = commands[name];
  if (command === undefined) return help(args);
  const given = read(command, args.slice(name.split(" ").length));
  if (given.everywhere.help) {
    process.stdout.write(usageOf(name, command));
    return 0;
  }
  if (!given.everywhere.yes && !(await agrees(command))) return 1;
  const answer = await command.run(await clientOf(given.everywhere), given);
  const json = given.everywhere.json || (answer.ok && given.has("csv"));
  return print({ ok: answer.ok, body: await answer.text() }, { ...command, json });
}

/** What can be done with the noun that was named, or everything. */
function help(args: readonly string[]): number {
  const asked = args.length === 0 || args.includes("--help");
  const all = Object.entries(commands);
  const meant = all.filter(([name]) => name.startsWith(`${args[0]} `));
  const usages = (meant.length === 0 ? all : meant).map(([name, command]) => usageOf(name, command));
  (asked ? process.stdout : process.stderr).write(`${HELP}\n${usages.join("")}`);
  if (!asked) process.stderr.write(`\ntikedge: there is no command "${args.slice(0, 2).join(" ")}"\n`);
  return asked ? 0 : 2;
}

function usageOf(name: string, { takes, does }: Command): string {
  return `${`${name} ${takes}`.trimEnd()}\n    ${does}\n`;
}

const Everywhere = v.object({
  "base-url": v.optional(v.string()),
  token: v.optional(v.string()),
  tenant: v.optional(v.string()),
  json: v.optional(v.boolean(), false),
  yes: v.optional(v.boolean(), false),
  help: v.optional(v.boolean(), false),
});
type Everywhere = v.InferOutput<typeof Everywhere>;

const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;

type Given = ReturnType<typeof read>;

/** What was given, by what the command takes. */
function read({ takes }: Command, args: readonly string[]) {
  const named = Array.from(takes.matchAll(/--([\w-]+)( [^\s\]]+)?/g), ([, option = "", value]) => [
    option,
    value === undefined ? flag : text,
  ]);
  const options = { "base-url": text, token: text, tenant: text, json: flag, yes: flag, help: flag };
  const { values, positionals } = parsed({
    args: [...args],
    options: { ...Object.fromEntries(named), ...options },
    allowPositionals: true,
  });
  const everywhere = v.parse(Everywhere, values);
  const places = takes
    .replaceAll(/\[[^\]]*\]|--[\w-]+ \S+/g, "")
    .split(" ")
    .filter((word) => word !== "");
  if (!everywhere.help && positionals.length !== places.length)
    throw new Misused(`takes ${places.length === 0 ? "options only" : places.join(" ")}`);
  return { everywhere, ...reader(values, positionals) };
}

function parsed(config: ParseArgsConfig) {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new Misused(error instanceof Error ? error.message : "the options cannot be read");
  }
}

function reader(values: Readonly<Record<string, unknown>>, positionals: readonly string[]) {
  const text = (option: string) => v.parse(v.optional(v.string()), values[option]);
  const needed = (option: string): string => {
    const given = text(option);
    if (given === undefined) throw new Misused(`--${option} is missing`);
    return given;
  };
  const number = (option: string) => {
    const given = text(option);
    if (given !== undefined && !/^\d+$/.test(given)) throw new Misused(`--${option} is a whole number`);
    return given === undefined ? undefined : Number(given);
  };
  const list = (option: string) => text(option)?.split(",");
  return {
    at: (place: number): string => positionals[place] ?? "",
    has: (option: string): boolean => values[option] === true,
    text,
    needed,
    number,
    list,
    orNone: <T>(option: string, read: (option: string) => T) => (text(option) === "none" ? null : read(option)),
    chosen: <T extends string>(option: string, choices: readonly T[]) => oneOf(choices, option, needed(option)),
    oneOf: <T extends string>(option: string, choices: readonly T[]) =>
      text(option) === undefined ? undefined : oneOf(choices, option, needed(option)),
    everyOf: <T extends string>(option: string, choices: readonly T[]) =>
      needed(option)
        .split(",")
        .map((word) => oneOf(choices, option, word)),
    someOf: <T extends string>(option: string, choices: readonly T[]) =>
      list(option)?.map((word) => oneOf(choices, option, word)),
  };
}

function oneOf<T extends string>(choices: readonly T[], option: string, word: string): T {
  const found = choices.find((choice) => choice === word);
  if (found === undefined) throw new Misused(`--${option} is one of ${choices.join(", ")}`);
  return found;
}

/** Asks a person; a script has decided already. */
async function agrees({ warns }: Command): Promise<boolean> {
  if (warns === undefined || !process.stdin.isTTY) return true;
  const asked = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(?:es)?$/i.test(await asked.question(`${warns} Go on? [y/N] `));
  } finally {
    asked.close();
  }
}

/** The local stack's token is for the local stack: it is sent to no other gateway. */
async function clientOf({ "base-url": given, token: givenToken, tenant }: Everywhere): Promise<Client> {
  const url = given ?? setting("TIKEDGE_URL");
  const local = url === undefined ? await stateIn(readSettings(process.env).STATE_DIR).running() : null;
  const baseUrl = url ?? local?.baseUrl;
  const token = givenToken ?? setting("TIKEDGE_TOKEN") ?? local?.adminToken;
  if (baseUrl === undefined) throw new Misused("say which gateway with --base-url or TIKEDGE_URL: no local stack runs");
  if (!URL.canParse(baseUrl)) throw new Misused(`${baseUrl} is not a URL`);
  if (token === undefined) throw new Misused("say who you are with TIKEDGE_TOKEN");
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Misused("the token is none: it has characters that no header takes");
  if (tenant !== undefined && !isUuid(tenant)) throw new Misused("--tenant is not a tenant's id");
  const headers = { authorization: `Bearer ${token}`, ...(tenant === undefined ? {} : { "tikedge-tenant": tenant }) };
  return hc<AppType>(baseUrl, { fetch: repeatIfLost, headers });
}

/** An empty one is none: that is how a shell unsets one for a single command. */
function setting(name: string): string | undefined {
  return process.env[name] === "" ? undefined : process.env[name];
}

/** Sends a request again when no answer came: its `Idempotency-Key` keeps the gateway from acting twice. */
async function repeatIfLost(input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (init.method !== "GET") headers.set("idempotency-key", randomUUID());
  const send = () => fetch(input, { ...init, headers, redirect: "error" });
  return send()
    .catch(send)
    .catch((cause: unknown) => {
      const { origin } = new URL(input instanceof Request ? input.url : input);
      throw new Error(`${origin} gives no answer`, { cause });
    });
}

/** A secret is never an argument: other users of the machine can read those. */
async function secret(file: string | undefined): Promise<string> {
  if (file !== undefined) return (await readFile(file, "utf8")).trim();
  if (!process.stdin.isTTY) return (await readAll(process.stdin)).trim();
  process.stderr.write("key (not shown): ");
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const asked = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  try {
    return (await asked.question("")).trim();
  } finally {
    asked.close();
    process.stderr.write("\n");
  }
}

async function rotateWrappingKey(client: Client): Promise<Answer> {
  for (;;) {
    const response = await client.v1["wrapping-key"].rotate.$post({ json: {} });
    const body = await response.text();
    const answer = { ok: response.ok, text: async () => body };
    if (!response.ok) return answer;
    const { rewrapped, remaining } = v.parse(v.pipe(v.string(), v.parseJson(), WrappingRotation), body);
    process.stderr.write(`${rewrapped} wrapped anew, ${remaining} to go\n`);
    if (remaining === 0) return answer;
    if (rewrapped === 0) throw new Error("what remains cannot be wrapped anew: keep the old wrapping key");
  }
}

/** The exit code. What is refused is said on stderr, so that a pipe gets no surprises. */
function print(
  { ok, body }: { ok: boolean; body: string },
  { json, columns }: { json: boolean; columns?: string },
): number {
  if (json) process.stdout.write(`${body}\n`);
  else if (ok) process.stdout.write(shown(JSON.parse(body), columns?.split(" ")));
  else process.stderr.write(problemText(body));
  return ok ? 0 : 1;
}

const ProblemBody = v.pipe(
  v.string(),
  v.parseJson(),
  v.looseObject({
    title: v.string(),
    detail: v.string(),
    invalid_parameters: v.optional(v.array(v.object({ name: v.string(), reason: v.string() })), []),
  }),
);

function problemText(body: string): string {
  const read = v.safeParse(ProblemBody, body);
  if (!read.success) return `refused, with what is no answer of a gateway: ${body.slice(0, 200)}\n`;
  const { title, detail, invalid_parameters, ...rest } = read.output;
  const named = invalid_parameters.map(({ name, reason }) => `  ${name} ${reason}\n`);
  const others = Object.entries(rest).filter(([name]) => name !== "type" && name !== "status");
  return `${title}: ${detail}\n${named.join("")}${others.map(([name, value]) => `  ${name}: ${cell(value)}\n`).join("")}`;
}

const Row = v.record(v.string(), v.unknown());
const Page = v.object({
  data: v.array(Row),
  next_cursor: v.optional(v.nullable(v.string()), null),
  /** Of the columns of all rows. */
  total: v.optional(Row),
});

/** A list as a table, one thing as its fields. */
function shown(body: unknown, columns?: readonly string[]): string {
  const page = v.safeParse(Page, body);
  if (!page.success) return aligned(Object.entries(v.parse(Row, body)).map(([name, value]) => [name, cell(value)]));
  const { data, next_cursor, total } = page.output;
  const names = columns ?? Object.keys(data[0] ?? {});
  const all = total === undefined ? data : [...data, { group: "total", ...total }];
  const rows = all.map((row) => names.map((name) => cell(row[name])));
  const more = next_cursor === null ? "" : `more: --cursor ${next_cursor}\n`;
  return data.length === 0 ? "none\n" : `${aligned([names, ...rows])}${more}`;
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return "-";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((text, at) => text.padEnd(widths[at] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

/** Without what was not given, which the gateway takes for "as it is". */
function present<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

function paged(given: Given) {
  return { query: present({ limit: given.text("limit"), cursor: given.text("cursor") }) };
}

function tenant(given: Given) {
  return { param: { tenantId: given.at(0) } };
}

function tenantFields(given: Given) {
  return present({
    plan: given.oneOf("plan", PlanName.options),
    region: given.text("region"),
    on_invalid_key: given.oneOf("on-invalid-key", OnInvalidKey.options),
    trial_ends_at: given.orNone("trial-ends-at", given.text),
    monthly_quota: given.orNone("monthly-quota", given.number),
  });
}

function newKey(given: Given) {
  const common = present({ name: given.text("name"), expires_at: given.orNone("expires-at", given.text) });
  const endpoints = given.list("endpoints");
  const publishable = given.has("publishable");
  // A secret key where a publishable one was meant would end up on a page.
  for (const option of publishable ? ["permissions"] : ["origins", "daily-requests"])
    if (given.text(option) !== undefined)
      throw new Misused(`--${option} is for ${publishable ? "secret" : "publishable"} keys`);
  if (!publishable)
    return { ...common, ...present({ endpoints, permissions: given.someOf("permissions", Permission.options) }) };
  return {
    ...common,
    ...present({ daily_requests: given.number("daily-requests") }),
    kind: "publishable" as const,
    origins: given.needed("origins").split(","),
    endpoints: given.needed("endpoints").split(","),
  };
}

// At the end: what it uses is initialised above.
if (import.meta.main) {
  process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
    process.stderr.write(`tikedge: ${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof Misused ? 2 : 1;
  });
}
