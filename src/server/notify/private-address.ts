import { BlockList, isIP } from "node:net"
import { networkInterfaces } from "node:os"

/** What IANA's registries of special-purpose addresses (RFC 6890) do not have as globally reachable. */
const NOT_GLOBAL = new BlockList()
const V4 = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const
const V6 = [
  ["::", 96],
  ["64:ff9b::", 96], // these lead on to any IPv4 address
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16], // 6to4: to any IPv4 address
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
] as const
for (const [net, prefix] of V4) NOT_GLOBAL.addSubnet(net, prefix, "ipv4")
for (const [net, prefix] of V6) NOT_GLOBAL.addSubnet(net, prefix, "ipv6")

/**
 * Whether an address leads to this machine or into a network of its own: loopback, link-local, private, shared, multicast, or an
 * address that one of its interfaces has. IPv4 written as IPv6 counts as what it is.
 */
export function isPrivateAddress(address: string): boolean {
  const plain = address.replace(/%.*$/, "")
  const family = isIP(plain) === 6 ? "ipv6" : "ipv4"
  if (isIP(plain) === 0 || NOT_GLOBAL.check(plain, family)) return true
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  return own.some((one) => one.address === plain || `::ffff:${one.address}` === plain.toLowerCase())
}
