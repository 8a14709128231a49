const GROUPS = 8;
const NETWORK_GROUPS = 4;
const HEX = /^[0-9a-f]{1,4}$/i;
const DOTTED_TAIL = /^(.*:)(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
const MAPPED = /^0:0:0:0:0:ffff:/;

/**
 * What a limit counts as one client. A host has a whole /64 of IPv6 to choose its addresses from (RFC 4291, section 2.5.1), so counting
 * single ones would bound nobody. An IPv4 address is itself, also inside IPv6 (`::ffff:192.0.2.1`), where one /64 holds all of them.
 * Anything else comes back as it is: then it is one client under its own name.
 */
export function addressGroup(address: string): string {
  const groups = groupsOf(address);
  if (groups === undefined) return address;
  if (MAPPED.test(groups.join(":"))) return dotted(groups.slice(6));
  return `${groups.slice(0, NETWORK_GROUPS).join(":")}::/64`;
}

/** Whom limits count a request for: Cloudflare says where it came from. Without its word all are one client. */
export function clientAddress(headers: Headers): string {
  return addressGroup(headers.get("cf-connecting-ip") ?? "unknown");
}

/** The eight groups of an IPv6 address in lower-case hex without leading zeros, or nothing for what is none. */
function groupsOf(address: string): readonly string[] | undefined {
  const [head, tail, ...more] = withoutDots(address).split("::").map(piecesOf);
  if (head === undefined || more.length > 0) return undefined;
  const missing = GROUPS - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => "0"), ...(tail ?? [])];
  return groups.every((group) => HEX.test(group)) ? groups.map(plainHex) : undefined;
}

function piecesOf(side: string): readonly string[] {
  return side === "" ? [] : side.split(":");
}

/** The last four bytes may be written in decimal (RFC 4291, section 2.2). Bytes over 255 come out as no group of hex. */
function withoutDots(address: string): string {
  const [, head, ...bytes] = DOTTED_TAIL.exec(address) ?? [];
  if (head === undefined) return address;
  const [a = 0, b = 0, c = 0, d = 0] = bytes.map(Number);
  return [a, b, c, d].some((byte) => byte > 255) ? address : `${head}${plainHex(a * 256 + b)}:${plainHex(c * 256 + d)}`;
}

function plainHex(group: string | number): string {
  return (typeof group === "number" ? group : Number.parseInt(group, 16)).toString(16);
}

function dotted(groups: readonly string[]): string {
  return groups
    .map((group) => Number.parseInt(group, 16))
    .flatMap((group) => [group >> 8, group & 0xff])
    .join(".");
}
