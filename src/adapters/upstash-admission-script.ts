/**
 * Which candidate has room for a dispatch now, and when otherwise. A candidate's *ring* is a text: `<tat> <promised> <probed>|<waiters>|<records>`.
 * Records are the dispatches of a window, oldest first, each 13 digits of milliseconds and 12 characters of its tenant: reading the
 * cap'th tells whether there is room, and counting them who has had how much. One text is one command to read, for all candidates, and one
 * to write. Its *marks* are `<out until> <cooled until> <failures> <broken until> <reason>`.
 *
 * - The window is a minute and a second, each longer by what may lie between reservation and dispatch: so no minute and no second as the
 *   upstream sees them has more than the cap.
 * - A tenant's share is the cap by the tenants that dispatched in the window or wait. Below it, it goes ahead while there is room, but leaves
 *   room for those who wait already. If there is none, its tenant is marked as waiting until the time that it is told, and a second longer.
 * - Above its share, or with less than an interactive call, it is paced by a virtual schedule (`tat`, the theoretical arrival time of ITU-T
 *   I.371's cell rate algorithm) on which every dispatch moves: only what the others leave over is there to take, spread evenly, so that room
 *   comes free evenly too. While somebody waits it stops. Those who would wait are told times one after another (`promised`), so that a
 *   crowd neither asks all at once nor waits for what it cannot get.
 *
 * ARGV 9 to 15: tenant, priority, patience, window, dispatches a second and that second, how much of its schedule one may catch up on, and
 * how long a broken key rests; durations in milliseconds.
 */
export const ADMISSION = `
local function admit(states, ms)
  local tag, priority, patience, windowMs = ARGV[9], ARGV[10], tonumber(ARGV[11]), tonumber(ARGV[12])
  local perSecond, secondMs = string.match(ARGV[13], "^(%d+) (%d+)$")
  perSecond, secondMs = tonumber(perSecond), tonumber(secondMs)
  local catchUpMs, breakMs = tonumber(ARGV[14]), tonumber(ARGV[15])
  local headroom = { interactive = 0, refresh = 0.1, warm = 0.3 }
  local WIDTH = 25

  local function written(c)
    local head = table.concat({ whole(c.tat), whole(c.promised), whole(c.probed) }, " ")
    return head .. "|" .. table.concat(c.waiters, ",") .. "|" .. c.records
  end

  local function read(at)
    local c = { id = ARGV[16 + 2 * at], cap = tonumber(ARGV[17 + 2 * at]), key = KEYS[6 + 2 * at], waiters = {}, others = 0, mine = 0 }
    local tat, promised, probed, waiters, records = string.match(states[1 + 2 * at] or "", "^(%d+) (%d+) (%d+)|([^|]*)|(.*)$")
    c.tat, c.promised, c.probed, records = tonumber(tat or 0), tonumber(promised or 0), tonumber(probed or 0), records or ""
    local from = 1
    while from < #records and tonumber(string.sub(records, from, from + 12)) <= ms - windowMs do from = from + WIDTH end
    c.records = string.sub(records, from)
    c.used = #c.records / WIDTH

    local active, tenants = { [tag] = true }, 1
    local function count(of)
      if not active[of] then active[of] = true; tenants = tenants + 1 end
    end
    for i = 14, #c.records, WIDTH do
      local of = string.sub(c.records, i, i + 11)
      if of == tag then c.mine = c.mine + 1 end
      count(of)
    end
    for of, untilMs in string.gmatch(waiters or "", "([^:,]+):(%d+)") do
      if tonumber(untilMs) > ms then
        count(of)
        if of == tag then c.waited = true
        else
          c.others = c.others + 1
          c.waiters[c.others] = of .. ":" .. untilMs
        end
      end
    end
    c.share = c.cap / tenants

    local out, cool, failures, broken = string.match(states[2 + 2 * at] or "", "^(%d+) (%d+) (%d+) (%d+)")
    c.outUntil, c.cooledUntil, c.brokenUntil = tonumber(out or 0), tonumber(cool or 0), tonumber(broken or 0)
    c.marked = out and 1 or 0
    return c
  end

  local function timeOfRecord(c, n)
    local from = (n - 1) * WIDTH + 1
    return tonumber(string.sub(c.records, from, from + 12))
  end

  local function belowAt(c)
    local over = math.floor(c.mine - c.share) + 1
    for n = 1, c.used do
      local from = (n - 1) * WIDTH + 1
      if string.sub(c.records, from + 13, from + 24) == tag then
        over = over - 1
        if over == 0 then return timeOfRecord(c, n) + windowMs end
      end
    end
    return ms + windowMs
  end

  local function roomAt(c, leave)
    local readyMs, free = ms, c.cap - c.used
    if free <= leave then
      if c.used == 0 then return ms + 1000 end
      readyMs = timeOfRecord(c, math.min(math.floor(leave - free) + 1, c.used)) + windowMs
    end
    if c.used >= perSecond then readyMs = math.max(readyMs, timeOfRecord(c, c.used - perSecond + 1) + secondMs) end
    return readyMs
  end

  local function judge(c)
    local intervalMs = windowMs / c.cap
    if c.cooledUntil > ms then c.readyMs = c.cooledUntil; return end
    if c.brokenUntil > 0 then
      local nextMs = math.max(c.brokenUntil, c.probed > 0 and c.probed + breakMs or 0)
      if nextMs > ms then c.readyMs = nextMs; c.broken = true; return end
      c.probing = true
    end
    if priority == "interactive" and c.mine < c.share then
      c.readyMs = roomAt(c, c.waited and 0 or c.others)
      if c.readyMs > ms and c.readyMs - ms <= patience then c.waits = tag .. ":" .. whole(c.readyMs + 1000) end
      return
    end
    c.readyMs = math.max(roomAt(c, c.cap * headroom[priority]), c.tat)
    if c.readyMs <= ms and c.others == 0 then return end
    c.readyMs = math.max(c.readyMs, math.max(c.promised, ms) + intervalMs)
    if c.readyMs - ms <= patience then c.promises = c.readyMs end
    if priority == "interactive" then c.readyMs = math.min(c.readyMs, belowAt(c)) end
  end

  local function better(a, b)
    if b == nil then return true end
    if (a.readyMs <= ms) ~= (b.readyMs <= ms) then return a.readyMs <= ms end
    if a.readyMs > ms then return a.readyMs < b.readyMs end
    return a.used / a.cap < b.used / b.cap
  end

  local candidates, inUse = {}, {}
  for at = 0, (#ARGV - 17) / 2 do
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
    best.inMs = math.ceil(best.readyMs - ms)
    best.kind = best.broken and "broken" or "busy"
    if best.waits then best.waiters[#best.waiters + 1] = best.waits
    elseif best.promises then best.promised = best.promises end
    if best.waits or best.promises then best.ring = written(best) end
    return best
  end
  best.kind = "admitted"
  if best.probing then best.probed = ms else best.probed = 0 end
  best.tat = math.max(best.tat, ms - catchUpMs) + windowMs / best.cap
  best.records = best.records .. string.format("%013.0f", ms) .. tag
  best.ring = written(best)
  return best
end
`;
