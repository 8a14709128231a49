-- With WRK_RENEWS every request is a call of its own: a number is put behind the path.
if os.getenv("WRK_RENEWS") then
  local count = 0
  request = function()
    count = count + 1
    return wrk.format("GET", wrk.path .. count)
  end
end

-- What is measured, as the last line of the output.
done = function(summary)
  local broken = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format(
    '\n{"requests":%d,"broken":%d,"refused":%d,"micros":%d}\n',
    summary.requests, broken, summary.errors.status, summary.duration))
end
