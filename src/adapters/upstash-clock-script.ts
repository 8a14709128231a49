/** Redis time in milliseconds, as `ms`. One command. */
export const NOW = `
local time = redis.call("TIME")
local ms = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
`;

/**
 * Functions over windows of money. `windows`: the UTC day and month of a time, `20260131` and `202601`, by the algorithm of Howard Hinnant's
 * "chrono-Compatible Low-Level Date Algorithms" (civil_from_days): Redis' Lua knows no calendar. A tenant's *counter* is a text,
 * `<status> <day> <credits> <month> <credits>`, or its status alone while it is not counted. `counted`: what it says of a day and a month, 0
 * of one that is over; nil where there are no counts. `counter`: the text. `timeOf`: the milliseconds in a UUIDv7, 0 in what is none.
 * `whole`: a number without exponent.
 */
export const WINDOWS = `
local function whole(number) return string.format("%.0f", number) end
local function windows(ms)
  local days = math.floor(ms / 86400000) + 719468
  local era = math.floor(days / 146097)
  local dayOfEra = days - era * 146097
  local yearOfEra = math.floor((dayOfEra - math.floor(dayOfEra / 1460) + math.floor(dayOfEra / 36524) - math.floor(dayOfEra / 146096)) / 365)
  local dayOfYear = dayOfEra - (365 * yearOfEra + math.floor(yearOfEra / 4) - math.floor(yearOfEra / 100))
  local fromMarch = math.floor((5 * dayOfYear + 2) / 153)
  local dayOfMonth = dayOfYear - math.floor((153 * fromMarch + 2) / 5) + 1
  local month = fromMarch < 10 and fromMarch + 3 or fromMarch - 9
  local year = yearOfEra + era * 400 + (month <= 2 and 1 or 0)
  return whole((year * 100 + month) * 100 + dayOfMonth), whole(year * 100 + month)
end
local function statusOf(counter)
  return string.match(counter or "", "^%a+")
end
local function counted(counter, day, month)
  local ofDay, daily, ofMonth, monthly = string.match(counter or "", "^%a+ (%d+) (%d+) (%d+) (%d+)$")
  if not ofDay then return nil end
  return ofDay == day and tonumber(daily) or 0, ofMonth == month and tonumber(monthly) or 0
end
local function counter(status, day, daily, month, monthly)
  return table.concat({ status, day, whole(daily), month, whole(monthly) }, " ")
end
local function timeOf(id)
  local high, low = string.match(id, "^(%x%x%x%x%x%x%x%x)-(%x%x%x%x)-")
  return high and tonumber(high, 16) * 65536 + tonumber(low, 16) or 0
end
`;
