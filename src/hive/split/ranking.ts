import { dropsLayers } from "../engines/mlx-models.ts"
import type { Fleet, FleetHost } from "../fleet/fleet.ts"
import { type Way, Ways } from "../fleet/way.ts"
import { hopMs } from "../speed/hop.ts"
import { type EngineName, type HostSpeed, hostSpeed } from "../speed/host-speed.ts"
import type { LoadBearer } from "./model-load.ts"

export interface RankedHost extends LoadBearer {
  readonly host: FleetHost
  readonly speed: HostSpeed
}

/**
 * The hosts of a fleet for one engine and kind of model: what each costs, what lies between them, and who is in no way worse than whom.
 * The same for all models of a kind, so that many plans on one fleet share it.
 */
export interface Ranking {
  readonly hosts: readonly RankedHost[]
  way(a: number, b: number): Way
  /** What a token takes from one host to another and back, for results of this size. */
  hopMs(a: number, b: number, hiddenSize: number): number
  isWifi(a: number, b: number): boolean
  /**
   * For each host those that could take its place in any plan and make it no worse. Whoever chooses a host and leaves one of these out
   * need not be looked at: that is what keeps the sets of members few.
   */
  readonly betterThan: readonly (readonly number[])[]
}

/** Hidden size for which ways are compared: which of two ways is better does not depend on it much, and they are compared at two. */
const COMPARED_SIZES = [1024, 16384] as const

export function rankHosts(fleet: Fleet, engine: EngineName, hasExperts: boolean): Ranking {
  const ways = new Ways(fleet)
  const usable = fleet.hosts.filter(({ excluded, budgetBytes }) => excluded === null && budgetBytes > 0)
  const hosts = usable
    .map((host): RankedHost => {
      const speed = hostSpeed(host, engine, hasExperts)
      return { host, speed, budgetBytes: host.budgetBytes, msPerByte: speed.msPerByte, msPerLayer: speed.msPerLayer }
    })
    .sort(
      (a, b) =>
        b.budgetBytes - a.budgetBytes ||
        a.msPerByte - b.msPerByte ||
        a.msPerLayer - b.msPerLayer ||
        (a.host.name < b.host.name ? -1 : 1),
    )
  const count = hosts.length
  const between = hosts.map((a) => hosts.map((b) => ways.between(a.host, b.host)))
  const way = (a: number, b: number) => (between[a] as Way[])[b] as Way
  const hops = COMPARED_SIZES.map((size) => between.map((row) => row.map((one) => hopMs(one, size))))
  const isWifi = (a: number, b: number) => way(a, b).kind === "wifi"

  const isNoWorse = (a: number, b: number): boolean => {
    const [one, other] = [hosts[a] as RankedHost, hosts[b] as RankedHost]
    if (one.budgetBytes < other.budgetBytes || one.msPerByte > other.msPerByte || one.msPerLayer > other.msPerLayer)
      return false
    if (other.host.hasRdma && !one.host.hasRdma) return false
    if (engine === "mlx" && dropsLayers(one.host.mlxLm) && !dropsLayers(other.host.mlxLm)) return false
    for (let x = 0; x < count; x++) {
      if (x === a || x === b) continue
      if (isWifi(a, x) && !isWifi(b, x)) return false
      if (hops.some((hop) => (hop[a]?.[x] ?? 0) > (hop[b]?.[x] ?? 0))) return false
      if (way(b, x).kind === "thunderbolt" && way(a, x).kind !== "thunderbolt") return false
    }
    return true
  }
  const noWorse = hosts.map((_, b) => hosts.map((_, a) => a !== b && isNoWorse(a, b)))
  // Of two that are alike the first one counts as the better, so that there are no circles.
  const betterThan = hosts.map((_, b) =>
    hosts.map((_, a) => a).filter((a) => noWorse[b]?.[a] === true && (noWorse[a]?.[b] !== true || a < b)),
  )
  return {
    hosts,
    way,
    isWifi,
    betterThan,
    hopMs: (a, b, hiddenSize) => hopMs(way(a, b), hiddenSize),
  }
}
