import type { HiveOrder } from "../hive/order/hive-order.ts"
import { isAddress, isPort } from "../protocol/gang-wire.ts"
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
  return { rank, places }
}

function words(environment: Environment, name: string, size: number): string[] {
  const found = (environment[name] ?? "").split(" ").filter(Boolean)
  if (found.length !== size) throw new Loss("order_refused", null, `${name} is for ${found.length} hosts, not ${size}`)
  return found
}
