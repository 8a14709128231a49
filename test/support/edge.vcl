vcl 4.1;

# What Cloudflare's cache in front of the public pages does, as far as its documentation tells: keyed by path and query alone; obeys
# CDN-Cache-Control, or else Cache-Control; shows what is past its time while it asks again; is purged by tag.
import std;

backend default { .host = "127.0.0.1"; .port = "ORIGIN_PORT"; .first_byte_timeout = 10s; }

sub vcl_recv {
  if (req.method == "PURGE") {
    if (req.http.Cache-Tag !~ "^[-_.:%~A-Za-z0-9]+$") { return (synth(400)); }
    # A whole tag of the list, in any case. A "." is any character: harmless in a test.
    if (!std.ban("obj.http.Cache-Tag ~ (?i)(^|,)\s*" + req.http.Cache-Tag + "\s*(,|$)")) { return (synth(500, std.ban_error())); }
    return (synth(200, "Purged"));
  }
  if (req.method != "GET" && req.method != "HEAD") { return (pass); }
  # Neither a cookie nor a host is part of the key, and neither makes it step aside.
  unset req.http.X-Edge;
  return (hash);
}

sub vcl_hash {
  hash_data(req.url);
  return (lookup);
}

sub vcl_hit {
  if (obj.ttl > 0s) { set req.http.X-Edge = "HIT"; } else { set req.http.X-Edge = "UPDATING"; }
}
sub vcl_miss { set req.http.X-Edge = "MISS"; }
sub vcl_pass { set req.http.X-Edge = "BYPASS"; }

sub vcl_backend_response {
  # What was asked for in the background failed: what there is stays.
  if (bereq.is_bgfetch && beresp.status >= 500) { return (abandon); }
  if (beresp.http.CDN-Cache-Control) { set beresp.http.X-CC = beresp.http.CDN-Cache-Control; }
  else { set beresp.http.X-CC = beresp.http.Cache-Control; }
  if (beresp.http.Set-Cookie || beresp.http.Vary == "*" || beresp.http.X-CC ~ "(?i)(no-store|private)"
      || beresp.http.X-CC !~ "(?i)max-age=[0-9]+") {
    set beresp.http.X-CC = "BYPASS";
    set beresp.uncacheable = true;
    set beresp.ttl = 0s;
    return (deliver);
  }
  set beresp.ttl = std.duration(regsub(beresp.http.X-CC, "(?i)^.*?max-age=([0-9]+).*$", "\1") + "s", 0s);
  set beresp.grace = 0s;
  if (beresp.http.X-CC ~ "(?i)stale-while-revalidate=[0-9]+" && beresp.http.X-CC !~ "(?i)(s-maxage|must-revalidate|proxy-revalidate)") {
    set beresp.grace = std.duration(regsub(beresp.http.X-CC, "(?i)^.*stale-while-revalidate=([0-9]+).*$", "\1") + "s", 0s);
  }
  # Past that it is asked for again while the visitor waits, with If-None-Match.
  set beresp.keep = 1h;
  unset beresp.http.X-CC;
  return (deliver);
}

sub vcl_deliver {
  set resp.http.Cf-Cache-Status = req.http.X-Edge;
  if (resp.http.X-CC) { set resp.http.Cf-Cache-Status = "BYPASS"; }
  unset resp.http.X-CC;
  unset resp.http.Cache-Tag;
  unset resp.http.X-Varnish;
  unset resp.http.Via;
  return (deliver);
}
