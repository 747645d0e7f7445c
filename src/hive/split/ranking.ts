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
  /** The largest budget first. */
  readonly hosts: readonly RankedHost[]
  /** Places of those that may be members of a split; ways are known between these. */
  readonly kept: readonly number[]
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
  const kept = keptOf(hosts, fleet)
  const between = kept.map((a) => kept.map((b) => ways.between(hostAt(hosts, a), hostAt(hosts, b))))
  const hops = COMPARED_SIZES.map((size) => between.map((row) => row.map((one) => hopMs(one, size))))
  const placeOf = new Map(kept.map((at, place) => [at, place]))
  const way = (a: number, b: number) => between[placeOf.get(a) ?? 0]?.[placeOf.get(b) ?? 0] as Way

  /** Of places among those that are kept. */
  const isNoWorse = (a: number, b: number): boolean => {
    const [one, other] = [hosts[kept[a] as number] as RankedHost, hosts[kept[b] as number] as RankedHost]
    if (one.budgetBytes < other.budgetBytes || one.msPerByte > other.msPerByte || one.msPerLayer > other.msPerLayer)
      return false
    if (other.host.hasRdma && !one.host.hasRdma) return false
    if (engine === "mlx" && dropsLayers(one.host.mlxLm) && !dropsLayers(other.host.mlxLm)) return false
    const [ones, others] = [between[a] as Way[], between[b] as Way[]]
    for (const [x, { kind }] of others.entries()) {
      if (x === a || x === b) continue
      const own = (ones[x] as Way).kind
      if (own === "wifi" && kind !== "wifi") return false
      if (kind === "thunderbolt" && own !== "thunderbolt") return false
      // MLX cannot be tunnelled at all.
      if ((ones[x] as Way).isTunnelled === true && (others[x] as Way).isTunnelled !== true) return false
      if (hops.some((hop) => (hop[a]?.[x] ?? 0) > (hop[b]?.[x] ?? 0))) return false
    }
    return true
  }
  const noWorse = kept.map((_, b) => kept.map((_, a) => a !== b && isNoWorse(a, b)))
  // Of two that are alike the first one counts as the better, so that there are no circles.
  const better = kept.map((_, b) =>
    kept.filter((_, a) => noWorse[b]?.[a] === true && (noWorse[a]?.[b] !== true || a < b)),
  )
  return {
    hosts,
    kept,
    betterThan: hosts.map((_, at) => better[placeOf.get(at) ?? -1] ?? []),
    way,
    isWifi: (a, b) => way(a, b).kind === "wifi",
    hopMs: (a, b, hiddenSize) => hopMs(way(a, b), hiddenSize),
  }
}

function hostAt(hosts: readonly RankedHost[], at: number): FleetHost {
  return (hosts[at] as RankedHost).host
}

/** Of hosts that are alike in all that counts no more are ever members of one hive. */
const MOST_ALIKE = 8

/** The places of the hosts that may be members of a split: all, but of many that are alike the first ones. */
function keptOf(hosts: readonly RankedHost[], { links }: Fleet): readonly number[] {
  const special = new Set(links.flatMap(({ between }) => between))
  for (const { host } of hosts)
    for (const name of [...host.cables, ...(host.cables.length > 0 ? [host.name] : [])]) special.add(name)
  const alike = new Map<string, number>()
  return [...hosts.keys()].filter((at) => {
    const { host, budgetBytes, msPerByte, msPerLayer } = hosts[at] as RankedHost
    if (special.has(host.name)) return true
    const { kind, mbps } = host.network
    const { hasRdma, mlxLm, hiveNets, isLoopbackOnly } = host
    const key = JSON.stringify([
      budgetBytes,
      msPerByte,
      msPerLayer,
      kind,
      mbps,
      hasRdma,
      mlxLm,
      hiveNets,
      isLoopbackOnly,
    ])
    const count = (alike.get(key) ?? 0) + 1
    alike.set(key, count)
    return count <= MOST_ALIKE
  })
}

/** Only these hosts, as the places in `members`: all of them are to be used. */
export function restricted(ranking: Ranking, members: readonly number[]): Ranking {
  const at = (place: number) => members[place] as number
  return {
    hosts: members.map((one) => ranking.hosts[one] as RankedHost),
    kept: [...members.keys()],
    betterThan: members.map(() => []),
    way: (a, b) => ranking.way(at(a), at(b)),
    isWifi: (a, b) => ranking.isWifi(at(a), at(b)),
    hopMs: (a, b, hiddenSize) => ranking.hopMs(at(a), at(b), hiddenSize),
  }
}
