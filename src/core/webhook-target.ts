/** Why a URL is no target of webhooks. Public text. */
export type TargetRefusal =
  | "is not a URL"
  | "is longer than 2048 characters"
  | "is not https"
  | "has a port other than 443"
  | "has a user name or a password"
  | "has a fragment"
  | "names an address instead of a host"
  | "names a host that is not public";

export type Target =
  | { readonly kind: "allowed"; readonly url: string }
  | { readonly kind: "refused"; readonly reason: TargetRefusal };

/** `public`: the open internet, as deployed. `any`: also plain http and local hosts, for a stack on one's own machine. */
export type Targets = "public" | "any";

const LONGEST = 2_048;

/** Names for networks of one's own or for nobody: RFC 6761, 6762, 7686, 8375, and `internal`, which ICANN reserved for private use. */
const LOCAL_NAME = /(?:^|\.)(?:localhost|local|localdomain|internal|lan|home|corp|test|invalid|onion|arpa)$/;

/** The parser writes every spelling of an IPv4 address (octal, hex, one number, full-width digits) in this form. */
const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;

/**
 * Whether events may be sent to a URL that a tenant chose. Without it the gateway would be a way into networks that its tenants cannot
 * reach. It decides by what the platform's own URL parser understood, and gives that back: what was checked is what will be called.
 * Where a name points to is not known here; the network of Workers reaches public addresses only.
 */
export function webhookTarget(text: string, targets: Targets): Target {
  const url = URL.parse(text);
  const reason = url === null ? "is not a URL" : (unfit(url) ?? (targets === "public" ? notPublic(url) : undefined));
  return url === null || reason !== undefined
    ? { kind: "refused", reason: reason ?? "is not a URL" }
    : { kind: "allowed", url: url.href };
}

function unfit({ href, protocol, username, password }: URL): TargetRefusal | undefined {
  if (href.length > LONGEST) return "is longer than 2048 characters";
  if (protocol !== "https:" && protocol !== "http:") return "is not https";
  if (username !== "" || password !== "") return "has a user name or a password";
  return href.includes("#") ? "has a fragment" : undefined;
}

function notPublic({ protocol, port, hostname }: URL): TargetRefusal | undefined {
  if (protocol !== "https:") return "is not https";
  if (port !== "") return "has a port other than 443";
  if (hostname.startsWith("[") || IPV4.test(hostname)) return "names an address instead of a host";
  // A trailing dot makes another spelling of the same host, which the list of names would not know.
  const isPublic = hostname.includes(".") && !hostname.endsWith(".") && !LOCAL_NAME.test(hostname);
  return isPublic ? undefined : "names a host that is not public";
}
