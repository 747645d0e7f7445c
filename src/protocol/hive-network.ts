import { holdsNet, type Ipv4Net, ipv4Net, ipv4Number, isInNet, netText } from "./ipv4-net.ts"

/**
 * What the members of a hive talk over. thunderbolt: cables between just them; trusted: nets that an administrator has said to be
 * trusted, by their addresses; accepted: whatever there is, as an administrator accepted for this model; tunnel: through the server's links,
 * with nothing but loopback at both ends.
 */
export type HiveNetwork =
  | { readonly kind: "thunderbolt" }
  | { readonly kind: "trusted"; readonly nets: readonly string[] }
  | { readonly kind: "accepted" }
  | { readonly kind: "tunnel" }

export const HIVE_NETWORK_KINDS = [
  "thunderbolt",
  "trusted",
  "accepted",
  "tunnel",
] as const satisfies readonly HiveNetwork["kind"][]

/** Of a fleet, at most. */
export const MOST_HIVE_NETS = 16
/** Wider ones are no lab's. */
const FEWEST_BITS = 8

/** RFC 1918: nobody outside of a site has these. */
const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
/** What cannot be a network of several machines that somebody could vouch for, and why. */
const NEVER: readonly (readonly [net: string, reason: string])[] = [
  ["0.0.0.0/8", "it is no network of machines (RFC 1122)"],
  ["127.0.0.0/8", "it is each machine's own loopback"],
  [
    "169.254.0.0/16",
    "machines give themselves these addresses on any cable (RFC 3927); Thunderbolt links need no word",
  ],
  ["224.0.0.0/3", "these are multicast and reserved addresses"],
]

export type NetsReading =
  | { readonly nets: readonly string[]; readonly problem: null }
  | { readonly nets: null; readonly problem: string; readonly hint?: string }

/**
 * Reads nets that are to be trusted: IPv4, as addresses with a number of bits. Refuses what is none, what is too wide, what is public (unless
 * `allowsPublic`), and what says a thing twice. All or nothing.
 */
export function readHiveNets(typed: readonly string[], allowsPublic: boolean): NetsReading {
  const refuse = (problem: string, hint?: string): NetsReading => ({
    nets: null,
    problem,
    ...(hint === undefined ? {} : { hint }),
  })
  if (typed.length === 0) return refuse("no network was named", "Name it by its addresses, for instance 10.0.7.0/24")
  if (typed.length > MOST_HIVE_NETS) return refuse(`there are more than ${MOST_HIVE_NETS}`)
  const nets: Ipv4Net[] = []
  for (const text of typed) {
    const shown = JSON.stringify(text.slice(0, 60))
    if (text.includes(":")) return refuse(`${shown} is not IPv4, which members of a hive speak`)
    const net = ipv4Net(text)
    if (net === null)
      return refuse(
        ipv4Number(text) === null
          ? `${shown} is no network of IPv4 addresses (CIDR)`
          : `${shown} is one address, and no network: how many bits its addresses have in common is missing`,
        "Write its first address and its number of bits: windfall fleet set --hive-network trusted 10.0.7.0/24",
      )
    if (net.bits < FEWEST_BITS)
      return refuse(
        `${shown} is too wide: ${net.bits === 0 ? "it is everybody" : `more than ${netText({ first: net.first, bits: FEWEST_BITS })}`}`,
      )
    if (netText(net) !== text) return refuse(`${shown} is an address in a network`, `Its network is ${netText(net)}`)
    if (net.bits > 30) return refuse(`${shown} has no room for two machines`)
    const never = NEVER.find(([one]) => holdsNet(ipv4Net(one) as Ipv4Net, net))
    if (never !== undefined) return refuse(`${shown} cannot be trusted: ${never[1]}`)
    if (!allowsPublic && !PRIVATE.some((one) => holdsNet(ipv4Net(one) as Ipv4Net, net)))
      return refuse(
        `${shown} is not private: machines of others may have these addresses`,
        "If they are the lab's own, say so: --public",
      )
    const other = nets.find((one) => holdsNet(one, net) || holdsNet(net, one))
    if (other !== undefined)
      return refuse(
        netText(other) === text
          ? `${shown} is named twice`
          : `${shown} and ${netText(other)} overlap: one lies in the other`,
        "Name the one that is meant",
      )
    nets.push(net)
  }
  return { nets: nets.map(netText).toSorted(), problem: null }
}

/** Those of some nets in which at least one of these addresses lies. */
export function netsWith(
  nets: readonly string[],
  addresses: readonly { readonly address: string }[],
): readonly string[] {
  return nets.filter((net) => addresses.some(({ address }) => isInNet(net, address)))
}

/** For people: "trusted network 10.0.7.0/24". */
export function hiveNetworkText(network: HiveNetwork, kinds: string): string {
  switch (network.kind) {
    case "thunderbolt":
      return "Thunderbolt, between just these Macs"
    case "trusted":
      return `trusted network ${network.nets.join(", ")} (${kinds})`
    case "accepted":
      return `${kinds}, which an administrator accepted for this model (--trust-network)`
    case "tunnel":
      return `tunnels through the server (${kinds})`
  }
}
