import { networkInterfaces } from "node:os"
import type { HiveOrder } from "../hive/order/hive-order.ts"
import { isAddress, isPort } from "../protocol/gang-wire.ts"
import { isInNet } from "../protocol/ipv4-net.ts"
import { Loss } from "./loss.ts"

/** Where a member is, as the job's environment says it (docs/several-hosts.md). */
export interface Place {
  readonly host: string
  readonly address: string
  /** Where it listens for other members, if it is the head. */
  readonly port: number
}

type Environment = Readonly<Record<string, string | undefined>>

const ALONE: Place = { host: "localhost", address: "127.0.0.1", port: 0 }

/**
 * Its rank, and where all members are. Engines whose variables are missing take themselves for a group of one: what is not there, or
 * does not go together with the order, is refused.
 * @throws {Loss} `order_refused`
 */
export function readPlaces(order: HiveOrder, environment: Environment): { rank: number; places: readonly Place[] } {
  const size = order.members.length
  const given = environment.WINDFALL_NODE_COUNT
  if (given === undefined && size === 1) return { rank: 0, places: [ALONE] }
  if (given !== String(size)) {
    throw new Loss("order_refused", null, `the order is for ${size} hosts, the job has ${given ?? "one"}`)
  }
  const rank = /^\d+$/.test(environment.WINDFALL_RANK ?? "") ? Number(environment.WINDFALL_RANK) : size
  if (rank >= size) {
    throw new Loss("order_refused", null, `WINDFALL_RANK is ${JSON.stringify(environment.WINDFALL_RANK ?? "")}`)
  }
  if (size === 1) return { rank, places: [ALONE] }
  const addresses = words(environment, "WINDFALL_PEERS", size)
  const ports = words(environment, "WINDFALL_PEER_PORTS", size).map(Number)
  const hosts = words(environment, "WINDFALL_NODE_NAMES", size)
  if (!addresses.every(isAddress)) throw new Loss("order_refused", null, "WINDFALL_PEERS has no IPv4 addresses")
  if (!ports.every(isPort)) throw new Loss("order_refused", null, "WINDFALL_PEER_PORTS has no ports")
  const places = addresses.map((address, at) => ({ address, port: ports[at] ?? 0, host: hosts[at] ?? address }))
  const problem = whyNotThere(order, rank, places, networkInterfaces())
  if (problem !== null) throw problem
  return { rank, places }
}

type Interfaces = Readonly<Record<string, readonly { readonly address: string }[] | undefined>>

/** Addresses are the server's choice of what there was a moment ago: over another network than was said nothing is ever spoken. */
export function whyNotThere(
  { network }: Pick<HiveOrder, "network">,
  rank: number,
  places: readonly Place[],
  interfaces: Interfaces,
): Loss | null {
  const loss = (member: number, what: string) =>
    new Loss("unreachable", member, `member ${member} (${places[member]?.host}): ${what}`)
  if (network?.kind === "trusted") {
    const { nets } = network
    const shared = nets.some((net) => places.every(({ address }) => isInNet(net, address)))
    if (shared) return null
    const out = places.findIndex(({ address }) => !nets.some((net) => isInNet(net, address)))
    return loss(Math.max(0, out), `it has no address in the trusted network ${nets.join(", ")} that the others are in`)
  }
  if (network?.kind === "tunnel") {
    const out = places.findIndex(({ address }) => address !== "127.0.0.1")
    return out === -1 ? null : loss(out, "it was to be on loopback, and is not")
  }
  if (network?.kind !== "thunderbolt") return null
  const own = places[rank]?.address
  const name = Object.keys(interfaces).find((one) => interfaces[one]?.some(({ address }) => address === own))
  // macOS has its Thunderbolt ports in a bridge; the kernel of Linux names each thunderbolt0, ...
  if (name !== undefined && /^(bridge|thunderbolt)\d+$/.test(name)) return null
  return loss(rank, `its address ${own} is not that of its Thunderbolt bridge, over which alone members were to speak`)
}

function words(environment: Environment, name: string, size: number): string[] {
  const found = (environment[name] ?? "").split(" ").filter(Boolean)
  if (found.length !== size) throw new Loss("order_refused", null, `${name} is for ${found.length} hosts, not ${size}`)
  return found
}
