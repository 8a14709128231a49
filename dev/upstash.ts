import { Redis } from "ioredis";
import type { ChainableCommander } from "ioredis";
import * as v from "valibot";
import { startEndpoint } from "./http-endpoint.ts";
import type { EndpointReply, EndpointRequest, RunningEndpoint } from "./http-endpoint.ts";
import { createScriptTranslator, sha1 } from "./lua-scripts.ts";

const Argument = v.pipe(v.union([v.string(), v.number(), v.boolean()]), v.transform(String));
/** Command names go to Redis in upper case: the embedded one knows no other. */
const Command = v.pipe(
  v.tupleWithRest([Argument], Argument),
  v.transform(([name, ...args]): readonly string[] => [name.toUpperCase(), ...args]),
);
const Commands = v.pipe(v.array(Command), v.minLength(1));
const SingleCommand = v.pipe(
  Command,
  v.transform((command) => [command]),
);
type Commands = readonly (readonly string[])[];

type Item = { readonly result: unknown } | { readonly error: string };
/** Turns what Redis answered into what Upstash writes. */
type Encode = (reply: unknown) => unknown;

export type UpstashOptions = { readonly redisUrl: string; readonly token: string; readonly port?: number };

/**
 * Speaks Upstash's REST protocol in front of a Redis server: single commands, pipelines, transactions, base64 answers. One connection
 * serves everybody, which keeps the order of commands; nothing is ever sent twice.
 */
export async function startUpstash({ redisUrl, token, port = 0 }: UpstashOptions): Promise<RunningEndpoint> {
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => 100,
  });
  // A server that is gone is told to each request that needed it.
  redis.on("error", () => undefined);
  await redis.connect();
  const translate = createScriptTranslator();

  async function answer(request: EndpointRequest): Promise<EndpointReply> {
    const encode = request.headers["upstash-encoding"] === "base64" ? encodeBase64 : encodeText;
    const path = request.url.pathname;
    const commands = readCommands(request);
    if (commands === null) return refusal(400, "ERR failed to parse command");
    if (path === "/multi-exec") return transact(commands, encode);
    const items = await runAll(commands, encode);
    if (path === "/pipeline") return { status: 200, body: items, commands: items.length };
    const [item] = items;
    return { status: item !== undefined && "error" in item ? 400 : 200, body: item, commands: 1 };
  }

  async function runAll(commands: Commands, encode: Encode): Promise<Item[]> {
    const pipeline = redis.pipeline();
    for (const command of commands) queue(pipeline, translate(command));
    const replies = (await pipeline.exec()) ?? [];
    return replies.map(([error, reply], at) => toItem(error, clientsDigest(commands[at], reply), encode));
  }

  async function transact(commands: Commands, encode: Encode): Promise<EndpointReply> {
    const pipeline = queue(redis.pipeline(), ["MULTI"]);
    for (const command of commands) queue(pipeline, translate(command));
    const replies = (await queue(pipeline, ["EXEC"]).exec()) ?? [];
    const [error, executed] = replies.at(-1) ?? [null, null];
    if (error !== null) return refusal(400, error.message);
    const items = Array.isArray(executed) ? executed.map((reply: unknown) => toItem(null, reply, encode)) : [];
    return { status: 200, body: items, commands: commands.length };
  }

  const endpoint = await startEndpoint({
    port,
    refuse: (request) =>
      isAuthorised(request, token) ? null : refusal(401, "WRONGPASS invalid or missing auth token"),
    answer,
  });
  return {
    url: endpoint.url,
    async stop() {
      await endpoint.stop();
      redis.disconnect();
    },
  };
}

/** `POST /` carries the command as JSON; any other path is the command, with the query and then the body as its last arguments. */
function readCommands({ url, body }: EndpointRequest): Commands | null {
  if (url.pathname === "/pipeline" || url.pathname === "/multi-exec") return parse(Commands, body);
  if (url.pathname === "/") return parse(SingleCommand, body);
  const [name = "", ...args] = url.pathname.slice(1).split("/").map(decodeURIComponent);
  const options = [...url.searchParams].filter(([option]) => option !== "_token").flat();
  return [[name.toUpperCase(), ...args, ...options.filter((word) => word !== ""), ...(body === "" ? [] : [body])]];
}

function parse<Output>(schema: v.GenericSchema<unknown, Output>, json: string): Output | null {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), json);
  return parsed.success ? parsed.output : null;
}

function isAuthorised({ headers, url }: EndpointRequest, token: string): boolean {
  return headers.authorization === `Bearer ${token}` || url.searchParams.get("_token") === token;
}

function queue(pipeline: ChainableCommander, [name = "", ...args]: readonly string[]): ChainableCommander {
  return pipeline.callBuffer(name, args);
}

/** SCRIPT LOAD answers the digest of the script as the client sent it. */
function clientsDigest([name, subcommand = "", script = ""]: readonly string[] = [], reply: unknown): unknown {
  const loads = name === "SCRIPT" && subcommand.toUpperCase() === "LOAD" && Buffer.isBuffer(reply);
  return loads ? Buffer.from(sha1(script)) : reply;
}

function toItem(error: Error | null, reply: unknown, encode: Encode): Item {
  if (error !== null) return { error: error.message };
  return reply instanceof Error ? { error: reply.message } : { result: encode(reply) };
}

function encodeText(reply: unknown): unknown {
  if (Array.isArray(reply)) return reply.map(encodeText);
  return Buffer.isBuffer(reply) ? reply.toString() : reply;
}

/** Clients read a bare `OK` as it stands, but only on the top level: inside an array they decode whatever is a string. */
function encodeBase64(reply: unknown): unknown {
  const inner = (each: unknown): unknown => {
    if (Array.isArray(each)) return each.map(inner);
    return Buffer.isBuffer(each) ? each.toString("base64") : each;
  };
  return Buffer.isBuffer(reply) && reply.toString() === "OK" ? "OK" : inner(reply);
}

function refusal(status: number, error: string): EndpointReply {
  return { status, body: { error }, commands: 0 };
}
