import { ADMISSION } from "./upstash-admission-script.ts";
import { NOW, WINDOWS } from "./upstash-clock-script.ts";

/**
 * KEYS: the repeat marker of these bits, the tenant, the lease, the open reservations, their times, and of each candidate the ring and the
 * marks. ARGV: 20 hex digits, the order as JSON, how many seconds the marker lives, the credits, the quotas of a day and of a month (empty
 * for none), the request's id, the lease's milliseconds (empty for no lease) and the note that was looked after, what ADMISSION reads, and
 * from 16 on the id and the cap of each candidate. Returns words with spaces between them: what became of it, and its figures. 10 commands at most.
 *
 * The id is built here because Redis has the one clock that money is counted by. The time is written as two halves: a Lua whose
 * `%x` takes 32 bits would cut 48. The lease is looked at first, for whoever finds it taken pays nothing and may wait without a quota. In its
 * place may stand a note: of an answer that was stored, which binds who has not looked since; or of a fetch that failed, where one that
 * is, or may be, about an account binds only who has no other key.
 */
export const RESERVE = `${WINDOWS}${ADMISSION}
local before = redis.call("MGET", KEYS[1], KEYS[3])
if before[1] then return before[1] end
local leaseMs, lookedAfter = string.match(ARGV[8], "^(%d+) ?(.*)$")
if leaseMs and before[2] and before[2] ~= lookedAfter then
  if string.find(before[2], "^stored ") then return before[2] end
  local outcome, refused = string.match(before[2], "^failed (%S+) %S+ (%S+)$")
  if not outcome then return "leased" end
  local isOurs = outcome ~= "account_error" and outcome ~= "unclear_error"
  for at = 16, #ARGV, 2 do isOurs = isOurs or ARGV[at] == refused end
  if isOurs then return before[2] end
end
local function refuse(...)
  return table.concat({...}, " ")
end
${NOW}
local counted = redis.call("HMGET", KEYS[2], "day", "month", "status")
if not counted[2] then return refuse("uncounted") end
if counted[3] and counted[3] ~= "active" then return refuse("suspended") end

local day, month = windows(ms)
local credits = tonumber(ARGV[4])
local daily, monthly = spentIn(day, counted[1]) + credits, spentIn(month, counted[2]) + credits
local overDay = ARGV[5] ~= "" and daily > tonumber(ARGV[5])
local overMonth = ARGV[6] ~= "" and monthly > tonumber(ARGV[6])
if overDay or overMonth then
  local quota = overMonth and "monthly" or "daily"
  return refuse("spent", quota, whole(daily - credits), whole(monthly - credits), whole(ms))
end

local states = redis.call("MGET", unpack(KEYS, 6))
local picked = admit(states, ms)
if picked.kind ~= "admitted" then
  if picked.ring then redis.call("SET", picked.key, picked.ring, "PX", picked.keepMs) end
  return refuse(picked.kind, whole(picked.inMs), picked.cap)
end

local high = string.format("%08x", math.floor(ms / 65536))
local low = string.format("%04x", ms % 65536)
local bits = ARGV[1]
local pick = tonumber(string.sub(bits, 4, 4), 16) % 4 + 1
local variant = string.sub("89ab", pick, pick)
local id = high .. "-" .. low .. "-7" .. string.sub(bits, 1, 3) .. "-" .. variant .. string.sub(bits, 5, 7) .. "-" .. string.sub(bits, 8, 19)
local reserved = table.concat({ "reserved", id, picked.marked, picked.id, whole(daily), whole(monthly) }, " ")
redis.call("HSET", KEYS[2], "day", day .. " " .. whole(daily), "month", month .. " " .. whole(monthly))
redis.call("SET", picked.key, picked.ring, "PX", picked.keepMs)
if leaseMs then redis.call("SET", KEYS[3], ARGV[7], "PX", leaseMs) end
redis.call("SET", KEYS[1], reserved, "EX", ARGV[3])
redis.call("HSET", KEYS[4], id, '{"upstreamKeyId":' .. cjson.encode(picked.id) .. "," .. string.sub(ARGV[2], 2))
redis.call("ZADD", KEYS[5], ms, id)
return reserved
`;

/** A function that gives credits back to the day and the month that they were taken from, as far as those are not over. */
const REFUND = `
local function refund(tenant, credits, day, month)
  local counted = redis.call("HMGET", tenant, "day", "month")
  local back = {}
  local function give(field, window, value)
    if string.match(value or "", "^(%d+) ") ~= window then return end
    back[#back + 1] = field
    back[#back + 1] = window .. " " .. whole(math.max(0, spentIn(window, value) - credits))
  end
  give("day", day, counted[1])
  give("month", month, counted[2])
  if #back > 0 then redis.call("HSET", tenant, unpack(back)) end
end
`;

/**
 * KEYS: the repeat marker of these bits, the tenant, the lease, the open reservations, their times. ARGV: the credits, the request's id, 1
 * with a lease. Takes the reservation back that was made with these bits, if it is still open. The upstream key's ring keeps its place: it
 * may be spent a little less than it could. At most 8 commands.
 */
export const RELEASE = `${WINDOWS}${REFUND}
local reserved = redis.call("GET", KEYS[1])
if not reserved then return 0 end
local id = string.match(reserved, "^reserved (%S+)")
if redis.call("HDEL", KEYS[4], id) == 0 then return 0 end
redis.call("ZREM", KEYS[5], id)
refund(KEYS[2], tonumber(ARGV[1]), windows(timeOf(id)))
if ARGV[3] == "1" and redis.call("GET", KEYS[3]) == ARGV[2] then redis.call("DEL", KEYS[3]) end
return 1
`;

/**
 * KEYS: the open reservations, their times, the outbox, its times, the tenant. ARGV: the event id, the event as JSON, the credits to give
 * back, which may be below zero. Returns 1 when this call closed the reservation, 0 when it was closed before: the guard that
 * counts a credit once. 4 commands, 6 when something is given back.
 */
export const SETTLE = `${WINDOWS}${REFUND}
local id = ARGV[1]
if redis.call("HDEL", KEYS[1], id) == 0 then return 0 end
redis.call("ZREM", KEYS[2], id)
local ms = timeOf(id)
redis.call("HSET", KEYS[3], id, ARGV[2])
redis.call("ZADD", KEYS[4], ms, id)
if tonumber(ARGV[3]) ~= 0 then refund(KEYS[5], tonumber(ARGV[3]), windows(ms)) end
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

export const PUT_BACK = "put-back";

/**
 * KEYS: values by id, the ids by time. ARGV: an age in milliseconds, a limit. Returns ids and values in turn, oldest first, of those
 * older than the age. With `PUT_BACK` for a third they count as of now, so that the next call hands out others. 4 commands at most.
 */
export const OLDER_THAN = `${NOW}
local ids = redis.call("ZRANGE", KEYS[2], "-inf", ms - tonumber(ARGV[1]), "BYSCORE", "LIMIT", 0, ARGV[2])
if #ids == 0 then return {} end
local values = redis.call("HMGET", KEYS[1], unpack(ids))
local pairs_ = {}
for i, id in ipairs(ids) do
  pairs_[#pairs_ + 1] = id
  pairs_[#pairs_ + 1] = values[i] or ""
end
if ARGV[3] == "${PUT_BACK}" then
  local again = {}
  for _, id in ipairs(ids) do
    again[#again + 1] = ms
    again[#again + 1] = id
  end
  redis.call("ZADD", KEYS[2], "XX", unpack(again))
end
return pairs_
`;

/**
 * KEYS: values by id, the ids by time, the unreadable values by id. ARGV: ids. Moves what is still among the values to the unreadable
 * ones; an id that another run has moved stays there as it is.
 */
export const SET_ASIDE = `
for _, id in ipairs(ARGV) do
  local value = redis.call("HGET", KEYS[1], id)
  if redis.call("ZREM", KEYS[2], id) == 1 then
    redis.call("HSET", KEYS[3], id, value or "")
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
