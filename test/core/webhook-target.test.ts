import { describe, expect, it } from "vitest";
import { webhookTarget } from "../../src/core/webhook-target.ts";

const LOCAL = "names a host that is not public";
const ADDRESS = "names an address instead of a host";

describe("refuses what could lead into a network that tenants cannot reach", () => {
  it.each([
    { url: "", reason: "is not a URL", because: "it is empty" },
    { url: "/hook", reason: "is not a URL", because: "it is relative to nothing" },
    { url: "example.com/hook", reason: "is not a URL", because: "it has no scheme" },
    { url: "https://", reason: "is not a URL", because: "it has no host" },
    {
      url: "https://999.1.1.1/",
      reason: "is not a URL",
      because: "a host that ends in a number is an address or nothing",
    },
    { url: "https://exa mple.com/", reason: "is not a URL", because: "a host has no spaces" },
    { url: `https://example.com/${"a".repeat(2_048)}`, reason: "is longer than 2048 characters", because: "it is" },
    {
      url: `https://example.com/${"é".repeat(400)}`,
      reason: "is longer than 2048 characters",
      because: "it is, as it would be sent",
    },
    { url: "http://example.com/", reason: "is not https", because: "anybody on the way could read it" },
    { url: "ftp://example.com/", reason: "is not https", because: "it is another protocol" },
    { url: "javascript:alert(1)", reason: "is not https", because: "it is a program" },
    { url: "data:text/plain,x", reason: "is not https", because: "it is data" },
    { url: "file:///etc/passwd", reason: "is not https", because: "it is a file" },
    { url: "blob:https://example.com/x", reason: "is not https", because: "what is inside does not count" },
    { url: "https://example.com:8443/", reason: "has a port other than 443", because: "other services listen there" },
    { url: "https://example.com:22/", reason: "has a port other than 443", because: "other services listen there" },
    { url: "https://example.com:0/", reason: "has a port other than 443", because: "zero is a port" },
    { url: "https://user@example.com/", reason: "has a user name or a password", because: "it would be sent" },
    {
      url: "https://:secret@example.com/",
      reason: "has a user name or a password",
      because: "it would be stored in clear",
    },
    {
      url: "https://example.com@127.0.0.1/",
      reason: "has a user name or a password",
      because: "the host is behind the @",
    },
    { url: "https://example.com/#part", reason: "has a fragment", because: "it is never sent" },
    { url: "https://example.com/#", reason: "has a fragment", because: "an empty one is one" },
    { url: "https://127.0.0.1/", reason: ADDRESS, because: "it is the machine itself" },
    { url: "https://127.1/", reason: ADDRESS, because: "it is short for 127.0.0.1" },
    { url: "https://2130706433/", reason: ADDRESS, because: "it is 127.0.0.1 as one number" },
    { url: "https://0x7f000001/", reason: ADDRESS, because: "it is 127.0.0.1 in hex" },
    { url: "https://0177.0.0.1/", reason: ADDRESS, because: "it is 127.0.0.1 in octal" },
    { url: "https://0x7f.0.0.0x1/", reason: ADDRESS, because: "it is 127.0.0.1 in a mixture" },
    { url: "https://127.0.0.1./", reason: ADDRESS, because: "a trailing dot changes nothing" },
    { url: "https://１２７.０.０.１/", reason: ADDRESS, because: "full-width digits are digits" },
    { url: "https://①②⑦.⓪.⓪.①/", reason: ADDRESS, because: "digits in circles are digits" },
    { url: "https://127。0。0。1/", reason: ADDRESS, because: "an ideographic stop is a dot" },
    { url: "https://%31%32%37.0.0.1/", reason: ADDRESS, because: "escapes are read before the host is" },
    { url: "https://0/", reason: ADDRESS, because: "it is 0.0.0.0" },
    { url: "https://169.254.169.254/latest/", reason: ADDRESS, because: "clouds keep credentials there" },
    { url: "https://8.8.8.8/", reason: ADDRESS, because: "a public address has no name to be checked either" },
    { url: "https:\\\\10.0.0.1\\x", reason: ADDRESS, because: "backslashes are slashes" },
    { url: "https:10.0.0.1", reason: ADDRESS, because: "slashes may be missing" },
    { url: "ht\ntps://10.0.0.1/", reason: ADDRESS, because: "line ends are dropped" },
    { url: "https://[::1]/", reason: ADDRESS, because: "it is the machine itself" },
    { url: "https://[::ffff:127.0.0.1]/", reason: ADDRESS, because: "it is IPv4 inside IPv6" },
    { url: "https://[fd00::1]/", reason: ADDRESS, because: "it is private" },
    { url: "https://[2606:4700::1111]/", reason: ADDRESS, because: "a public address has no name either" },
    { url: "https://localhost/", reason: LOCAL, because: "it is the machine itself" },
    { url: "https://LOCALHOST/", reason: LOCAL, because: "names have no case" },
    { url: "https://localhost./", reason: LOCAL, because: "a trailing dot changes nothing" },
    { url: "https://a.localhost/", reason: LOCAL, because: "all of it is the machine itself (RFC 6761)" },
    { url: "https://ⓛocalhost/", reason: LOCAL, because: "letters in circles are letters" },
    { url: "https://printer.local/", reason: LOCAL, because: "it is for multicast DNS (RFC 6762)" },
    { url: "https://metadata.google.internal/", reason: LOCAL, because: "it is for private use" },
    { url: "https://nas.home.arpa/", reason: LOCAL, because: "it is for homes (RFC 8375)" },
    { url: "https://1.0.0.127.in-addr.arpa/", reason: LOCAL, because: "nobody has a receiver there" },
    { url: "https://db.corp/", reason: LOCAL, because: "companies use it inside" },
    { url: "https://x.onion/", reason: LOCAL, because: "it is no name of DNS (RFC 7686)" },
    { url: "https://intranet/", reason: LOCAL, because: "a single label is completed by the machine's own domain" },
    { url: "https://example.com./", reason: LOCAL, because: "it is a second spelling of a host" },
  ])("$url: $reason, because $because", ({ url, reason }) => {
    expect(webhookTarget(url, "public")).toEqual({ kind: "refused", reason });
  });
});

describe("takes what the open internet can be called by", () => {
  it.each([
    { url: "https://example.com/hook?a=1", is: "https://example.com/hook?a=1", because: "it is plain" },
    { url: "https://example.com", is: "https://example.com/", because: "a path may be missing" },
    { url: "HTTPS://EXAMPLE.com/Hook", is: "https://example.com/Hook", because: "only the path has a case" },
    { url: "https://example.com:443/", is: "https://example.com/", because: "443 is the port of https" },
    {
      url: "https://münchen.example.com/",
      is: "https://xn--mnchen-3ya.example.com/",
      because: "names may have accents",
    },
    {
      url: "https://mylocal.example.com/",
      is: "https://mylocal.example.com/",
      because: "only the end of a name is local",
    },
    { url: "https://notlocalhost.com/", is: "https://notlocalhost.com/", because: "it is another name" },
    { url: "https://example.com/\n", is: "https://example.com/", because: "what is kept is what will be called" },
  ])("$url, because $because", ({ url, is }) => {
    expect(webhookTarget(url, "public")).toEqual({ kind: "allowed", url: is });
  });
});

describe("on a machine of one's own", () => {
  it.each(["http://127.0.0.1:8080/hook", "http://localhost:3000/", "https://[::1]:8443/"])("%s is a target", (url) => {
    expect(webhookTarget(url, "any")).toEqual({ kind: "allowed", url });
  });

  it.each([
    { url: "http://user@127.0.0.1/", reason: "has a user name or a password" },
    { url: "http://127.0.0.1/#a", reason: "has a fragment" },
    { url: "file:///etc/passwd", reason: "is not https" },
  ])("$url is none all the same: $reason", ({ url, reason }) => {
    expect(webhookTarget(url, "any")).toEqual({ kind: "refused", reason });
  });
});
