import type { Redis } from "@upstash/redis/cloudflare";
import type { Booked, Counters, Drift } from "../core/ledger.ts";
import { NOW, WINDOWS } from "./upstash-clock-script.ts";
import { holdOf, OPEN, OUTBOX, tenantOf } from "./upstash-ledger.ts";
import { answering } from "./upstash-redis.ts";

/** KEYS: the tenant. Returns the time and what was spent in its day and month, or nothing. 2 commands. */
const READ = `${WINDOWS}${NOW}
local daily, monthly = counted(redis.call("GET", KEYS[1]), windows(ms))
if not daily then return {} end
return { whole(ms), whole(daily), whole(monthly) }
`;

/**
 * KEYS: the tenant's hold. ARGV: a new hold, milliseconds. One that is there is prolonged and returned: of several who make the same
 * counters the first one's hold has lasted the longest. 2 commands.
 */
const HOLD = `
local held = redis.call("GET", KEYS[1]) or ARGV[1]
redis.call("SET", KEYS[1], held, "PX", ARGV[2])
return held
`;

/** Twice what the books may take (`DATABASE_TIMEOUT_MS`): of a slower reading no counters are made. Who dies keeps events back for no longer. */
const HOLD_MS = 10_000;

/**
 * KEYS: the tenant, the open reservations, the outbox, the tenant's hold. ARGV: the tenant's id, its status, the day and the month that the
 * books were read in, what they say of each, the hold. A hold that ended, or was lost with whatever else, proves nothing of what has left the
 * outbox since the books were read; so does another one in its place. What is open or in the outbox may be in the books already and is then counted twice: rather refused than
 * overspent. A status that is there was said since. Books of a window that has not begun by the ledger's clock are of no use: nothing is
 * made of them. 6 commands.
 */
const REBUILD = `${WINDOWS}
local known = redis.call("MGET", KEYS[1], KEYS[4])
if counted(known[1], "", "") then return redis.call("DEL", KEYS[4]) end
if known[2] ~= ARGV[7] then return 0 end
${NOW}
local day, month = windows(ms)
if ARGV[3] > day then return 0 end
local daily = ARGV[3] == day and tonumber(ARGV[5]) or 0
local monthly = ARGV[4] == month and tonumber(ARGV[6]) or 0
local function add(values, creditsOf)
  for i = 1, #values, 2 do
    if string.find(values[i + 1], ARGV[1], 1, true) then
      local ofDay, ofMonth = windows(timeOf(values[i]))
      local credits = creditsOf(cjson.decode(values[i + 1]))
      if ofDay == day then daily = daily + credits end
      if ofMonth == month then monthly = monthly + credits end
    end
  end
end
add(redis.call("HGETALL", KEYS[2]), function(order) return order.credits end)
add(redis.call("HGETALL", KEYS[3]), function(event) return event.creditsCharged + event.creditsInDoubt end)
redis.call("SET", KEYS[1], counter(statusOf(known[1]) or ARGV[2], day, daily, month, monthly))
return redis.call("DEL", KEYS[4])
`;

/**
 * KEYS: tenants. ARGV: of each the day, the month, what the books say of them. Returns in turn the tenant's position, the window and what it
 * counted, of those that were raised. 2 commands, and one for each tenant that was raised.
 */
const RAISE = `${WINDOWS}${NOW}
local day, month = windows(ms)
local raised = {}
for i, value in ipairs(redis.call("MGET", unpack(KEYS))) do
  local of, at = { counted(value, day, month) }, 4 * (i - 1)
  local function raise(which, field, window)
    local booked = tonumber(ARGV[at + which + 2])
    if ARGV[at + which] ~= window or booked <= of[which] then return end
    raised[#raised + 1], raised[#raised + 2], raised[#raised + 3] = whole(i), field, whole(of[which])
    of[which], of.isRaised = booked, true
  end
  if of[1] then
    raise(1, "day", day)
    raise(2, "month", month)
  end
  if of.isRaised then redis.call("SET", KEYS[i], counter(statusOf(value), day, of[1], month, of[2])) end
end
return raised
`;

/** KEYS: the tenant. ARGV: its status. What it has spent stays as it is. 2 commands. */
const SET_STATUS = `
local spent = string.match(redis.call("GET", KEYS[1]) or "", "^%a+( .*)$") or ""
redis.call("SET", KEYS[1], ARGV[1] .. spent)
return 1
`;

/** Counters of tenants, in the ledger's Redis, where the reservation script reads and raises them. */
export function upstashCounters(redis: Redis): Counters {
  const read = redis.createScript<string[]>(READ);
  const hold = redis.createScript<string>(HOLD);
  const rebuild = redis.createScript<number>(REBUILD);
  const raise = redis.createScript<string[]>(RAISE);
  const setStatus = redis.createScript<number>(SET_STATUS);
  return {
    async read(tenantId) {
      const [nowMs, daily, monthly] = await answering(read.exec([tenantOf(tenantId)], []));
      if (nowMs === undefined) return undefined;
      return { spent: { daily: Number(daily), monthly: Number(monthly) }, nowMs: Number(nowMs) };
    },
    holdOutbox: (tenantId) => answering(hold.exec([holdOf(tenantId)], [crypto.randomUUID(), String(HOLD_MS)])),
    async rebuild(booked, held) {
      const { tenantId, status } = booked;
      const keys = [tenantOf(tenantId), OPEN, OUTBOX[0], holdOf(tenantId)];
      await answering(rebuild.exec(keys, [tenantId, status, ...figuresOf(booked), held]));
    },
    async raise(booked) {
      if (booked.length === 0) return [];
      const keys = booked.map(({ tenantId }) => tenantOf(tenantId));
      return driftsOf(booked, await answering(raise.exec(keys, booked.flatMap(figuresOf))));
    },
    async setStatus(tenantId, status) {
      await answering(setStatus.exec([tenantOf(tenantId)], [status]));
    },
  };
}

/** `20260131`, `202601`, and what was spent in each. */
function figuresOf({ day, spent }: Booked): [day: string, month: string, daily: string, monthly: string] {
  const digits = day.replaceAll("-", "");
  return [digits, digits.slice(0, 6), String(spent.daily), String(spent.monthly)];
}

function driftsOf(booked: readonly Booked[], raised: readonly string[]): Drift[] {
  return raised.flatMap((position, at) => {
    const of = booked[Number(position) - 1];
    if (at % 3 !== 0 || of === undefined) return [];
    const window = raised[at + 1] === "day" ? "daily" : "monthly";
    return [{ tenantId: of.tenantId, window, counted: Number(raised[at + 2]), booked: of.spent[window] }];
  });
}
