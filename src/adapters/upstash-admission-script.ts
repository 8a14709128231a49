/** How many characters a record of a ring has, and how many of them are the random bits at its end. */
export const RECORD = { width: 50, bits: 19 } as const;

/**
 * Which candidate has room for a dispatch now, and when otherwise. A candidate's *ring* is a text:
 * `<tat> <promised> <probed> <shared until>|<waiters>|<records>`. Records are the dispatches of a window, oldest first, each 13 digits of
 * milliseconds, 12 characters of its tenant, 6 digits of what the tenant owed with it, and the 19 random digits of its id: reading the cap'th
 * tells whether there is room, and finding one's own bits that one has reserved. One text is one command to read, for all candidates,
 * and one to write. Its *marks* are `<out until> <cooled until> <failures> <broken until> <reason>`.
 *
 * - The window is a minute and a second, each longer by what may lie between reservation and dispatch: so no minute and no second as the
 *   upstream sees them has more than the cap.
 * - A tenant's share is the cap by the tenants that dispatched in the window or wait. Every dispatch costs it an interval, a window by its
 *   share, and what it owes runs off with time (the cell rate algorithm of ITU-T I.371): so nobody has more than a share for long,
 *   and who calls once a minute may be early by a part of one. Counting dispatches in a window instead would take it for greedy. Of a
 *   shared key an interval costs a quarter more: were all of it assured, a few who ask for all they can get would owe nothing.
 * - Who owes little goes ahead while there is room, but leaves room for those who wait already. If there is none, its tenant is marked
 *   as waiting until the time that it is told, and a second longer.
 * - Who owes more leaves, besides, a few places on a key that several use: 1 to 5 % of the cap, more the more tenants there are,
 *   since their demand varies by the root of their number. Who comes new, or once in a while, finds these.
 * - Above its share, or with less than an interactive call, it is paced by a virtual schedule (`tat`, the theoretical arrival time) on which
 *   every dispatch moves: what the others leave over, spread evenly, so that room comes free evenly too. While somebody waits it stops.
 * - All but the first of a tenant's calls that wait, and all that are not marked, are told times one after another (`promised`), so that
 *   a crowd neither asks all at once nor waits for what it cannot get.
 * - A key that one tenant has for itself is its own to the last place. It counts as shared for ten windows after a second one asked.
 *
 * ARGV 1: the random bits. 8 to 14: tenant, priority, patience, window, dispatches a second and that second, how much of its schedule one may catch up on, and
 * how long a broken key rests; durations in milliseconds.
 */
export const ADMISSION = `
local function admit(states, ms)
  local tag, priority, patience, windowMs = ARGV[8], ARGV[9], tonumber(ARGV[10]), tonumber(ARGV[11])
  local perSecond, secondMs = string.match(ARGV[12], "^(%d+) (%d+)$")
  perSecond, secondMs = tonumber(perSecond), tonumber(secondMs)
  local catchUpMs, breakMs = tonumber(ARGV[13]), tonumber(ARGV[14])
  local headroom = { interactive = 0, refresh = 0.1, warm = 0.3 }
  local WIDTH, MARK, SHARED = ${RECORD.width}, 1000, 10 * windowMs

  local function written(c)
    if c.mark then c.waiters[#c.waiters + 1] = c.mark end
    if c.tenants > 1 then c.sharedUntil = ms + SHARED end
    local head = table.concat({ whole(c.tat), whole(c.promised), whole(c.probed), whole(c.sharedUntil) }, " ")
    return head .. "|" .. table.concat(c.waiters, ",") .. "|" .. c.records
  end

  local function timeOfRecord(c, n)
    local from = (n - 1) * WIDTH + 1
    return tonumber(string.sub(c.records, from, from + 12))
  end

  local function look(c, waiters)
    local active, last = { [tag] = true }, 0
    c.tenants, c.others, c.waiters, c.owes = 1, 0, {}, 0
    local function count(of)
      if not active[of] then active[of] = true; c.tenants = c.tenants + 1 end
    end
    for n = 1, c.used do
      local from = (n - 1) * WIDTH + 14
      local of = string.sub(c.records, from, from + 11)
      if of == tag then last = n else count(of) end
    end
    if last > 0 then
      local owed = tonumber(string.sub(c.records, last * WIDTH - 24, last * WIDTH - 19))
      c.owes = math.max(0, timeOfRecord(c, last) + owed - ms)
    end
    for of, untilMs in string.gmatch(waiters, "([^:,]+):(%d+)") do
      if tonumber(untilMs) > ms then
        count(of)
        if of == tag then
          c.waited = true
          if tonumber(untilMs) - MARK > ms then c.mark = of .. ":" .. untilMs end
        else
          c.others = c.others + 1
          c.waiters[c.others] = of .. ":" .. untilMs
        end
      end
    end
    local shared = c.tenants > 1 or c.sharedUntil > ms
    local tenants = math.min(c.cap, math.max(c.tenants, shared and 2 or 1))
    c.interval = math.min(windowMs, windowMs * tenants * (shared and 1.25 or 1) / c.cap)
    c.keep = shared and math.floor(math.max(c.cap / 100, math.sqrt(tenants * c.cap) / 20)) or 0
  end

  local function read(at)
    local c = { id = ARGV[15 + 2 * at], cap = tonumber(ARGV[16 + 2 * at]), key = KEYS[4 + 2 * at] }
    local tat, promised, probed, shared, waiters, records =
      string.match(states[1 + 2 * at] or "", "^(%d+) (%d+) (%d+) (%d+)|([^|]*)|(.*)$")
    c.tat, c.promised, c.probed, c.sharedUntil = tonumber(tat or 0), tonumber(promised or 0), tonumber(probed or 0), tonumber(shared or 0)
    records = records or ""
    local from = 1
    while from < #records and tonumber(string.sub(records, from, from + 12)) <= ms - windowMs do from = from + WIDTH end
    c.records = string.sub(records, from)
    c.used = #c.records / WIDTH
    look(c, waiters or "")
    local out, cool, failures, broken = string.match(states[2 + 2 * at] or "", "^(%d+) (%d+) (%d+) (%d+)")
    c.outUntil, c.cooledUntil, c.brokenUntil = tonumber(out or 0), tonumber(cool or 0), tonumber(broken or 0)
    c.marked = out and 1 or 0
    return c
  end

  local function roomAt(c, leave)
    local readyMs, apart, free = ms, secondMs / perSecond, c.cap - c.used
    if free <= leave then
      apart = windowMs / c.cap
      if c.used == 0 then return ms + MARK, apart end
      readyMs = timeOfRecord(c, math.min(math.floor(leave - free) + 1, c.used)) + windowMs
    end
    if c.used >= perSecond then readyMs = math.max(readyMs, timeOfRecord(c, c.used - perSecond + 1) + secondMs) end
    return readyMs, apart
  end

  local function judge(c)
    if c.cooledUntil > ms then c.readyMs = c.cooledUntil; return end
    if c.brokenUntil > 0 then
      local nextMs = math.max(c.brokenUntil, c.probed > 0 and c.probed + breakMs or 0)
      if nextMs > ms then c.readyMs = nextMs; c.broken = true; return end
      c.probing = true
    end
    local tolerance = math.max(windowMs - c.interval, c.interval / 2)
    local within = priority == "interactive" and c.owes <= tolerance
    if within and c.owes <= tolerance / 2 and not c.mark then
      c.readyMs = roomAt(c, c.waited and 0 or c.others)
      if c.readyMs > ms and c.readyMs - ms <= patience then c.waits = tag .. ":" .. whole(c.readyMs + MARK) end
      return
    end
    local readyMs, apart = roomAt(c, math.max(c.keep + c.others, c.cap * headroom[priority]))
    if not within then readyMs, apart = math.max(readyMs, c.tat), windowMs / c.cap end
    c.readyMs = ms
    if readyMs <= ms and not c.mark and (within or c.others == 0) then return end
    c.readyMs = math.ceil(math.max(readyMs, math.max(c.promised, ms) + apart))
    if c.readyMs - ms <= patience then c.promises = c.readyMs end
  end

  local function better(a, b)
    if b == nil then return true end
    if (a.readyMs <= ms) ~= (b.readyMs <= ms) then return a.readyMs <= ms end
    if a.readyMs > ms then return a.readyMs < b.readyMs end
    return a.used / a.cap < b.used / b.cap
  end

  local candidates, inUse = {}, {}
  for at = 0, (#ARGV - 16) / 2 do
    local c = read(at)
    candidates[#candidates + 1] = c
    if c.outUntil <= ms then inUse[#inUse + 1] = c end
  end
  if #inUse == 0 then
    table.sort(candidates, function(a, b) return a.outUntil < b.outUntil end)
    inUse = { candidates[1] }
  end
  local best
  for _, c in ipairs(inUse) do
    judge(c)
    if better(c, best) then best = c end
  end
  best.keepMs = whole(windowMs + 60000)
  if best.readyMs > ms then
    best.inMs = best.readyMs - ms
    best.kind = best.broken and "broken" or "busy"
    if best.waits then best.mark = best.waits
    elseif best.promises then best.promised = best.promises
    elseif best.tenants == 1 or best.sharedUntil > ms + SHARED / 2 then return best end
    best.ring = written(best)
    return best
  end
  best.kind = "admitted"
  if best.probing then best.probed = ms else best.probed = 0 end
  best.tat = math.ceil(math.max(best.tat, ms - catchUpMs) + windowMs / best.cap)
  local owes = math.floor(math.min(windowMs, best.owes + best.interval))
  local owed = string.format("%06.0f", math.min(owes, 999999))
  best.records = best.records .. string.format("%013.0f", ms) .. tag .. owed .. string.sub(ARGV[1], 1, ${RECORD.bits})
  best.ring = written(best)
  return best
end
`;

/**
 * Functions over ids. `uuid7`: the id of a time and random bits; it is built here because Redis has the one clock that money is counted by, and
 * its time is written as two halves, for a Lua whose `%x` takes 32 bits would cut 48. `findBits`: the id of the dispatch that was reserved with these
 * bits, and where its ring stands among texts of which each `step`th is one; nothing when no ring has them.
 */
export const FIND_BITS = `
local function uuid7(ms, bits)
  local high, low = string.format("%08x", math.floor(ms / 65536)), string.format("%04x", ms % 65536)
  local pick = tonumber(string.sub(bits, 4, 4), 16) % 4 + 1
  local tail = string.sub("89ab", pick, pick) .. string.sub(bits, 5, 7) .. "-" .. string.sub(bits, 8, ${RECORD.bits})
  return high .. "-" .. low .. "-7" .. string.sub(bits, 1, 3) .. "-" .. tail
end
local function findBits(texts, step, bits)
  for at = 1, #texts, step do
    local records = string.match(texts[at] or "", "|([^|]*)$") or ""
    local from = string.find(records, string.sub(bits, 1, ${RECORD.bits}), 1, true)
    if from and from % ${RECORD.width} == ${RECORD.width - RECORD.bits + 1} then
      local record = from - ${RECORD.width - RECORD.bits}
      return uuid7(tonumber(string.sub(records, record, record + 12)), bits), at
    end
  end
end
`;
