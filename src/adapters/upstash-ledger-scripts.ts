import { ADMISSION, FIND_BITS } from "./upstash-admission-script.ts";
import { NOW, WINDOWS } from "./upstash-clock-script.ts";

/**
 * KEYS: the open reservations, the tenant, the lease, and of each candidate the ring and the marks. ARGV: 20 hex digits, the order as JSON, the
 * credits, the quotas of a day and of a month (empty for none), the request's id, the lease's milliseconds (empty for no lease) and the note
 * that was looked after, what ADMISSION reads, and from 15 on the id and the cap of each candidate. Returns words with spaces between them: what
 * became of it, and its figures. 6 commands at most: what is known is read with one.
 *
 * Whoever has reserved with these bits finds them in a ring. The lease is looked at before the money, for whoever finds it taken pays nothing
 * and may wait without a quota. In its place may stand a note: of an answer that was stored, which binds who has not looked since; or of a
 * fetch that failed, where one that is, or may be, about an account binds only who has no other key.
 */
export const RESERVE = `${WINDOWS}${FIND_BITS}${ADMISSION}
local found = redis.call("MGET", unpack(KEYS, 2))
local states = { unpack(found, 3) }
local known, at = findBits(states, 2, ARGV[1])
if known then
  local daily, monthly = counted(found[1], windows(timeOf(known)))
  return table.concat({ "reserved", known, states[at + 1] and 1 or 0, ARGV[14 + at], whole(daily or 0), whole(monthly or 0) }, " ")
end
local leaseMs, lookedAfter = string.match(ARGV[7], "^(%d+) ?(.*)$")
if leaseMs and found[2] and found[2] ~= lookedAfter then
  if string.find(found[2], "^stored ") then return found[2] end
  local outcome, refused = string.match(found[2], "^failed (%S+) %S+ (%S+)$")
  if not outcome then return "leased" end
  local isOurs = outcome ~= "account_error" and outcome ~= "unclear_error"
  for at = 15, #ARGV, 2 do isOurs = isOurs or ARGV[at] == refused end
  if isOurs then return found[2] end
end
local function refuse(...)
  return table.concat({...}, " ")
end
${NOW}
local day, month = windows(ms)
local daily, monthly = counted(found[1], day, month)
if not daily then return refuse("uncounted") end
local status = statusOf(found[1])
if status ~= "active" then return refuse("suspended") end

local credits = tonumber(ARGV[3])
daily, monthly = daily + credits, monthly + credits
local overDay = ARGV[4] ~= "" and daily > tonumber(ARGV[4])
local overMonth = ARGV[5] ~= "" and monthly > tonumber(ARGV[5])
if overDay or overMonth then
  local quota = overMonth and "monthly" or "daily"
  return refuse("spent", quota, whole(daily - credits), whole(monthly - credits), whole(ms))
end

local picked = admit(states, ms)
if picked.kind ~= "admitted" then
  if picked.ring then redis.call("SET", picked.key, picked.ring, "PX", picked.keepMs) end
  return refuse(picked.kind, whole(picked.inMs), picked.cap)
end

local id = uuid7(ms, ARGV[1])
redis.call("SET", KEYS[2], counter(status, day, daily, month, monthly))
redis.call("SET", picked.key, picked.ring, "PX", picked.keepMs)
if leaseMs then redis.call("SET", KEYS[3], ARGV[6], "PX", leaseMs) end
redis.call("HSET", KEYS[1], id, '{"upstreamKeyId":' .. cjson.encode(picked.id) .. "," .. string.sub(ARGV[2], 2))
return table.concat({ "reserved", id, picked.marked, picked.id, whole(daily), whole(monthly) }, " ")
`;

/** A function that gives credits back to the day and the month that they were taken from, as far as those are not over. */
const REFUND = `
local function refund(tenant, credits, day, month)
  local value = redis.call("GET", tenant)
  local status, ofDay, daily, ofMonth, monthly = string.match(value or "", "^(%a+) (%d+) (%d+) (%d+) (%d+)$")
  if ofDay ~= day and ofMonth ~= month then return end
  local function less(spent, isOpen) return isOpen and math.max(0, spent - credits) or tonumber(spent) end
  redis.call("SET", tenant, counter(status, ofDay, less(daily, ofDay == day), ofMonth, less(monthly, ofMonth == month)))
end
`;

/**
 * KEYS: the open reservations, the tenant, the lease, the rings of the candidates. ARGV: the random bits, the credits, the request's id, 1
 * with a lease. Takes the reservation back that was made with these bits, if it is still open. The upstream key's ring keeps its place: it
 * may be spent a little less than it could. At most 6 commands.
 */
export const RELEASE = `${WINDOWS}${FIND_BITS}${REFUND}
local id = findBits(redis.call("MGET", unpack(KEYS, 4)), 1, ARGV[1])
if not id or redis.call("HDEL", KEYS[1], id) == 0 then return 0 end
refund(KEYS[2], tonumber(ARGV[2]), windows(timeOf(id)))
if ARGV[4] == "1" and redis.call("GET", KEYS[3]) == ARGV[3] then redis.call("DEL", KEYS[3]) end
return 1
`;

/**
 * KEYS: the open reservations, the outbox, its times, the tenant. ARGV: the event id, the event as JSON, the credits to give
 * back, which may be below zero. Returns 1 when this call closed the reservation, 0 when it was closed before: the guard that
 * counts a credit once. 3 commands, 5 when something is given back.
 */
export const SETTLE = `${WINDOWS}${REFUND}
local id = ARGV[1]
if redis.call("HDEL", KEYS[1], id) == 0 then return 0 end
local ms = timeOf(id)
redis.call("HSET", KEYS[2], id, ARGV[2])
redis.call("ZADD", KEYS[3], ms, id)
if tonumber(ARGV[3]) ~= 0 then refund(KEYS[4], tonumber(ARGV[3]), windows(ms)) end
return 1
`;

/** KEYS: the lease. ARGV: the request's id, a note, milliseconds. Leaves the note in the lease's place, if it is the request's. 2 commands. */
export const NOTE_LEASE = `
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
redis.call("SET", KEYS[1], ARGV[2], "PX", ARGV[3])
return 1
`;

/**
 * KEYS: the lease. ARGV: the request's id, milliseconds. From now on the lease lasts so long, none at all with 0, if it is the request's:
 * another may have taken it over. 2 commands.
 */
export const PROLONG_LEASE = `
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("PEXPIRE", KEYS[1], ARGV[2])
`;

/**
 * KEYS: the open reservations. ARGV: an age in milliseconds, a limit. Returns ids and values in turn, oldest first, of those older than the
 * age. What is open is on its way, or was left by a Worker that died: few enough to look at all of their ids. 3 commands at most.
 */
export const ABANDONED = `${WINDOWS}${NOW}
local ids = {}
for _, id in ipairs(redis.call("HKEYS", KEYS[1])) do
  if timeOf(id) <= ms - tonumber(ARGV[1]) then ids[#ids + 1] = id end
end
if #ids == 0 then return {} end
table.sort(ids)
ids = { unpack(ids, 1, math.min(#ids, tonumber(ARGV[2]))) }
local pairs_ = {}
for i, value in ipairs(redis.call("HMGET", KEYS[1], unpack(ids))) do
  pairs_[2 * i - 1], pairs_[2 * i] = ids[i], value or ""
end
return pairs_
`;

/**
 * KEYS: the outbox, its times. ARGV: an age in milliseconds, a limit. Returns ids and values in turn, oldest first, of those
 * older than the age. They count as of now from then on, so that the next call hands out others. 4 commands at most.
 */
export const UNRECORDED = `${NOW}
local ids = redis.call("ZRANGE", KEYS[2], "-inf", ms - tonumber(ARGV[1]), "BYSCORE", "LIMIT", 0, ARGV[2])
if #ids == 0 then return {} end
local pairs_, again = {}, {}
for i, value in ipairs(redis.call("HMGET", KEYS[1], unpack(ids))) do
  pairs_[2 * i - 1], pairs_[2 * i] = ids[i], value or ""
  again[2 * i - 1], again[2 * i] = ms, ids[i]
end
redis.call("ZADD", KEYS[2], "XX", unpack(again))
return pairs_
`;

/**
 * KEYS: values by id, the unreadable values by id, and the times of the values if they have any. ARGV: ids. Moves what is still there to the
 * unreadable ones; an id that another run has moved stays there as it is.
 */
export const SET_ASIDE = `
for _, id in ipairs(ARGV) do
  local value = redis.call("HGET", KEYS[1], id)
  local isTimed = KEYS[3] and redis.call("ZREM", KEYS[3], id) == 1
  if value or isTimed then
    redis.call("HSET", KEYS[2], id, value or "")
    redis.call("HDEL", KEYS[1], id)
  end
end
return #ARGV
`;

/**
 * KEYS: the outbox, its times, the holds of tenants. ARGV: in turn which of those is the event's tenant's, and the event's id. Takes out
 * together what is not held. 3 commands.
 */
export const FORGET = `
local held = redis.call("MGET", unpack(KEYS, 3))
local ids = {}
for at = 1, #ARGV, 2 do
  if not held[tonumber(ARGV[at])] then ids[#ids + 1] = ARGV[at + 1] end
end
if #ids == 0 then return 0 end
redis.call("HDEL", KEYS[1], unpack(ids))
return redis.call("ZREM", KEYS[2], unpack(ids))
`;
