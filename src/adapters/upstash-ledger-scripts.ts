/**
 * KEYS: the repeat marker of these bits, the open reservations, their times, the platform keys. ARGV: 20 hex digits, the order as JSON,
 * how many seconds the marker lives, and in turn the id and the cap of each candidate; a tenant's own key is one candidate whose cap is
 * empty. Returns the event id, whether the picked key was taken out and has not served since, and its id, with
 * spaces in between. 5 commands on a tenant's own key, 7 on
 * the platform's.
 *
 * The id is built here because Redis has the one clock that money is counted by. The time is written as two halves: a Lua whose
 * `%x` takes 32 bits would cut 48. The key is picked here too: isolates that counted by themselves would all begin with the same one.
 */
export const RESERVE = `
local known = redis.call("GET", KEYS[1])
if known then return known end
local time = redis.call("TIME")
local ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local picked, pickedOut, wasOut = ARGV[4], 0, 0
if ARGV[5] ~= "" then
  local minute = string.format("%d", math.floor(ms / 60000))
  local fields = {}
  for i = 4, #ARGV, 2 do
    fields[#fields + 1] = "load:" .. ARGV[i]
    fields[#fields + 1] = "out:" .. ARGV[i]
  end
  local states = redis.call("HMGET", KEYS[4], unpack(fields))
  local load, least = 0, nil
  for i = 4, #ARGV, 2 do
    local of, count = string.match(states[i - 3] or "", "^(%d+) (%d+)$")
    if of ~= minute then count = 0 end
    local untilMs = tonumber(string.match(states[i - 2] or "", "^%d+") or 0)
    local out = untilMs > ms and 1 or 0
    local weight = out == 1 and untilMs or count / ARGV[i + 1]
    if least == nil or out < pickedOut or (out == pickedOut and weight < least) then
      picked, pickedOut, least, load = ARGV[i], out, weight, count
      wasOut = untilMs > 0 and 1 or 0
    end
  end
  redis.call("HSET", KEYS[4], "load:" .. picked, minute .. " " .. string.format("%d", load + 1))
end

local high = string.format("%08x", math.floor(ms / 65536))
local low = string.format("%04x", ms % 65536)
local bits = ARGV[1]
local pick = tonumber(string.sub(bits, 4, 4), 16) % 4 + 1
local variant = string.sub("89ab", pick, pick)
local id = high .. "-" .. low .. "-7" .. string.sub(bits, 1, 3) .. "-" .. variant .. string.sub(bits, 5, 7) .. "-" .. string.sub(bits, 8, 19)
local reserved = id .. " " .. wasOut .. " " .. picked
redis.call("SET", KEYS[1], reserved, "EX", ARGV[3])
redis.call("HSET", KEYS[2], id, '{"upstreamKeyId":' .. cjson.encode(picked) .. "," .. string.sub(ARGV[2], 2))
redis.call("ZADD", KEYS[3], ms, id)
return reserved
`;

/**
 * KEYS: the repeat marker of these bits, the open reservations, their times. Takes the reservation back that was made with these bits, if
 * it is still open. At most 3 commands.
 */
export const RELEASE = `
local reserved = redis.call("GET", KEYS[1])
if not reserved then return 0 end
local id = string.sub(reserved, 1, 36)
redis.call("ZREM", KEYS[3], id)
return redis.call("HDEL", KEYS[2], id)
`;

/**
 * KEYS: the open reservations, their times, the outbox, its times. ARGV: the event id, the event as JSON. Returns 1 when this call
 * closed the reservation, 0 when it was closed before: the guard that counts a credit once. 5 commands.
 */
export const SETTLE = `
if redis.call("HDEL", KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call("ZREM", KEYS[2], ARGV[1])
local time = redis.call("TIME")
redis.call("HSET", KEYS[3], ARGV[1], ARGV[2])
redis.call("ZADD", KEYS[4], tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000), ARGV[1])
return 1
`;

export const PUT_BACK = "put-back";

/**
 * KEYS: values by id, the ids by time. ARGV: an age in milliseconds, a limit. Returns ids and values in turn, oldest first, of those
 * older than the age. With `PUT_BACK` for a third they count as of now, so that the next call hands out others. 4 commands at most.
 */
export const OLDER_THAN = `
local time = redis.call("TIME")
local ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
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

/** KEYS: the outbox, its times. ARGV: event ids. Takes them out together. 2 commands. */
export const FORGET = `
redis.call("HDEL", KEYS[1], unpack(ARGV))
return redis.call("ZREM", KEYS[2], unpack(ARGV))
`;
