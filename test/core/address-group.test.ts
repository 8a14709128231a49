import { expect, it } from "vitest";
import { addressGroup } from "../../src/core/address-group.ts";

it.each([
  { address: "203.0.113.7", is: "203.0.113.7", because: "an IPv4 address is one client" },
  { address: "2001:db8:1:2:3:4:5:6", is: "2001:db8:1:2::/64", because: "a host chooses the last four groups" },
  { address: "2001:db8:1:2:ffff:ffff:ffff:ffff", is: "2001:db8:1:2::/64", because: "this is the same host" },
  { address: "2001:db8:1:3::6", is: "2001:db8:1:3::/64", because: "the network is another" },
  { address: "2001:db8::6", is: "2001:db8:0:0::/64", because: "zeros in the network are left out" },
  { address: "2001:db8:1:2::", is: "2001:db8:1:2::/64", because: "zeros at the end are left out" },
  { address: "2001:db8:1::3:4:5:6", is: "2001:db8:1:0::/64", because: "one left-out group lies in the network" },
  { address: "2001:0DB8:0001:0002::1", is: "2001:db8:1:2::/64", because: "case and leading zeros mean nothing" },
  { address: "::1", is: "0:0:0:0::/64", because: "nothing stands before the zeros" },
  { address: "::", is: "0:0:0:0::/64", because: "all are zero" },
  { address: "::ffff:203.0.113.7", is: "203.0.113.7", because: "it is an IPv4 address in IPv6 clothes" },
  { address: "::ffff:cb00:7107", is: "203.0.113.7", because: "these are the same clothes in hex" },
  { address: "2001:db8:1:2::203.0.113.7", is: "2001:db8:1:2::/64", because: "the end may be written in decimal" },
  { address: "unknown", is: "unknown", because: "it is no address" },
  { address: "", is: "", because: "it is no address" },
  { address: "1:2:3", is: "1:2:3", because: "groups are missing" },
  { address: "1:2:3:4:5:6:7:8:9", is: "1:2:3:4:5:6:7:8:9", because: "there are too many groups" },
  { address: "1:2:3:4::5:6:7:8", is: "1:2:3:4::5:6:7:8", because: "the colons leave nothing out" },
  { address: "1::2::3", is: "1::2::3", because: "what is left out must be clear" },
  { address: "1:::2", is: "1:::2", because: "three colons mean nothing" },
  { address: "fe80::1%eth0", is: "fe80::1%eth0", because: "a zone is of somebody's own machine" },
  { address: "2001:db8::g", is: "2001:db8::g", because: "g is no digit" },
  { address: "::ffff:203.0.113.256", is: "::ffff:203.0.113.256", because: "a byte ends at 255" },
])("$address counts as $is: $because", ({ address, is }) => expect(addressGroup(address)).toBe(is));
