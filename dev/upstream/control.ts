import { EARLIEST_MS, LATEST_MS } from "./clock.ts";
import { BadControlRequest, readFields, type Fields } from "./control-body.ts";
import { FAULT_KINDS, type Fault, type FaultKind } from "./faults.ts";
import { send, type Exchange } from "./reply.ts";
import type { State } from "./state.ts";

/** A control route: the fields its body may have, and what it does. It reads all of them before it changes anything. */
type Route = { readonly fields: readonly string[]; act(state: State, fields: Fields): object };

const FAULT_FIELDS = [
  "kind",
  "status",
  "body",
  "delayMs",
  "location",
  "bytes",
  "credits",
  "times",
  "path",
  "key",
  "charged",
];

const routes: ReadonlyMap<string, Route> = new Map([
  ["GET /__clock", { fields: [], act: readClock }],
  ["POST /__clock", { fields: ["nowMs", "advanceMs", "frozen"], act: setClock }],
  ["GET /__keys", { fields: [], act: ({ accounts }) => accounts.all() }],
  ["POST /__keys", { fields: ["key", "state", "credits", "downloadTier"], act: setKey }],
  ["GET /__mode", { fields: [], act: ({ mode }) => mode }],
  ["POST /__mode", { fields: ["errorStyle", "rateLimit", "chargeNotFound", "p50Ms", "p99Ms"], act: setMode }],
  ["GET /__meter", { fields: [], act: ({ meter }) => meter.read() }],
  ["POST /__meter/reset", { fields: [], act: resetMeter }],
  ["GET /__calls", { fields: [], act: ({ meter }) => meter.recent() }],
  ["POST /__faults", { fields: FAULT_FIELDS, act: addFault }],
  ["DELETE /__faults", { fields: [], act: clearFaults }],
] satisfies [string, Route][]);

/** Steers the emulator. Answers JSON: what is now in force, or 400 and what was wrong. */
export async function control(state: State, exchange: Exchange): Promise<void> {
  const { method, url } = exchange.request;
  const route = routes.get(`${method} ${url}`);
  if (route === undefined)
    return answer(exchange, 404, { error: `no control at ${method} ${url}`, known: [...routes.keys()] });
  try {
    return await answer(exchange, 200, route.act(state, await readFields(exchange.request, route.fields)));
  } catch (error) {
    if (error instanceof BadControlRequest) return answer(exchange, 400, { error: error.message });
    throw error;
  }
}

function answer(exchange: Exchange, status: number, body: object): Promise<void> {
  return send(exchange, { status, body: JSON.stringify(body) }, 1);
}

function readClock({ clock }: State) {
  return { nowMs: clock.nowMs(), frozen: clock.frozen };
}

/** A time freezes the clock unless `frozen` says otherwise; `advanceMs` alone leaves it standing or running as it is. */
function setClock(state: State, fields: Fields) {
  const { clock } = state;
  const advanceMs = fields.number("advanceMs", -LATEST_MS, LATEST_MS) ?? 0;
  const nowMs = (fields.number("nowMs", EARLIEST_MS, LATEST_MS) ?? clock.nowMs()) + advanceMs;
  const frozen = fields.flag("frozen") ?? (fields.has("nowMs") || clock.frozen);
  if (nowMs < EARLIEST_MS || nowMs > LATEST_MS) throw new BadControlRequest("the clock runs from 2020 to 2040");
  clock.set(nowMs, frozen);
  return readClock(state);
}

/** What is not said stays as it was; a new key is active, without an end to its credits, and may download. */
function setKey({ accounts }: State, fields: Fields) {
  const key = fields.text("key");
  if (key === undefined || key === "") throw new BadControlRequest('"key" is missing');
  const before = accounts.get(key) ?? { state: "active", credits: null, downloadTier: true };
  const credits = fields.amount("credits");
  const account = {
    state: fields.oneOf("state", ["active", "exhausted", "suspended"]) ?? before.state,
    credits: credits === undefined ? before.credits : credits,
    downloadTier: fields.flag("downloadTier") ?? before.downloadTier,
  };
  accounts.set(key, account);
  return { key, ...account };
}

function setMode(state: State, fields: Fields) {
  const { mode } = state;
  state.mode = {
    errorStyle: fields.oneOf("errorStyle", ["observed", "documented"]) ?? mode.errorStyle,
    rateLimit: fields.flag("rateLimit") ?? mode.rateLimit,
    chargeNotFound: fields.flag("chargeNotFound") ?? mode.chargeNotFound,
    latency: {
      p50Ms: fields.number("p50Ms", 0, 60_000) ?? mode.latency.p50Ms,
      p99Ms: fields.number("p99Ms", 0, 60_000) ?? mode.latency.p99Ms,
    },
  };
  return state.mode;
}

/** Forgets the counts and the calls, so that a test sees its own alone. */
function resetMeter({ meter }: State) {
  meter.reset();
  return meter.read();
}

function addFault({ faults }: State, fields: Fields): Fault {
  const kind = fields.oneOf("kind", FAULT_KINDS);
  if (kind === undefined) throw new BadControlRequest(`"kind" must be one of ${FAULT_KINDS.join(", ")}`);
  const times = fields.amount("times");
  const fault = {
    kind,
    status: fields.number("status", 200, 599) ?? STATUS_OF[kind] ?? 200,
    body: fields.text("body") ?? '{"message":"Server Error"}',
    delayMs: fields.number("delayMs", 0, 600_000) ?? 0,
    location: fields.text("location") ?? "https://elsewhere.example/",
    bytes: fields.number("bytes", 0, 64 * 2 ** 20) ?? 8 * 2 ** 20,
    credits: fields.number("credits", 0, 1_000) ?? 1,
    times: times === undefined ? 1 : times,
    path: fields.text("path") ?? null,
    key: fields.text("key") ?? null,
    charged: fields.flag("charged") ?? null,
  };
  faults.add(fault);
  return fault;
}

const STATUS_OF: Readonly<Partial<Record<FaultKind, number>>> = { status: 500, redirect: 302 };

function clearFaults({ faults }: State) {
  faults.clear();
  return {};
}
