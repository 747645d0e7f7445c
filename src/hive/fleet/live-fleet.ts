import type { HostView } from "../../protocol/host.ts"
import { budgetOf, type Fleet, type FleetHost, type FleetLink } from "./fleet.ts"

/**
 * The hosts of the pool as a fleet: as if nothing ran there, or with what is free just now. Of Thunderbolt cables a Mac tells only which
 * models are at them: a cable between two is taken to be one where each names the other's model, and no other Mac could be meant.
 * @param isGuarded as members of a hive may talk, where no administrator accepted more for the model
 * @param freed what would be free besides just now, by the name of the host
 */
export function liveFleet(
  views: readonly HostView[],
  onlyFree: boolean,
  isGuarded = false,
  freed: ReadonlyMap<string, number> = new Map(),
): Fleet {
  const hosts = views.map((view) => hostOf(view, views, onlyFree ? (freed.get(view.name) ?? 0) : null))
  const links = views.flatMap((view) =>
    view.measures
      .filter((measure) => measure.with !== "server" && view.name < measure.with)
      .map((measure): FleetLink => {
        const rates = [measure.toMbps, measure.fromMbps].filter((mbps) => mbps !== null)
        const mbps = rates.length === 0 ? null : Math.min(...rates)
        return { between: [view.name, measure.with], kind: null, mbps, roundTripMs: measure.roundTripMs }
      }),
  )
  return { hosts, links, ...(isGuarded ? { isGuarded } : {}) }
}

/** @param freedBytes beside what is free just now; `null`: as if nothing ran there */
function hostOf(view: HostView, views: readonly HostView[], freedBytes: number | null): FleetHost {
  const { facts, network, total } = view
  const memoryBytes = facts?.memoryBytes ?? 0
  const keptBytes = Math.max(0, memoryBytes - total.memoryBytes)
  const workingSetBytes = facts?.gpuMemoryBytes ?? null
  const availableBytes = freedBytes === null ? null : (view.freeNowBytes ?? view.free.memoryBytes) + freedBytes
  return {
    name: view.name,
    chip: facts?.chip ?? null,
    memoryBytes,
    workingSetBytes,
    keptBytes,
    budgetBytes: budgetOf(memoryBytes, keptBytes, workingSetBytes, availableBytes),
    bandwidthGbPerS: facts?.mac?.bandwidthGbPerS ?? null,
    tflops: facts?.mac?.fp32Tflops ?? null,
    network: { kind: network?.kind ?? "unknown", mbps: network?.mbps ?? null },
    cables: cablesOf(view, views),
    hasRdma: false,
    mlxLm: null,
    excluded: exclusionOf(view),
    ...(view.hiveNets === undefined || view.hiveNets.length === 0 ? {} : { hiveNets: view.hiveNets }),
  }
}

/** What speaks against a host for longer than a job lasts; that it is busy or asleep does not. */
function exclusionOf({ facts, link, reason, leaving, draining, withheld, takesYours }: HostView): string | null {
  if (facts === null) return reason ?? "nothing is known of it yet"
  if (link === "refused") return reason ?? "it was refused"
  if (link === "down") return `it is down: ${reason ?? "it cannot be reached"}`
  if (leaving !== null) return "it is leaving the pool"
  if (draining) return "it is drained"
  if (withheld !== null) return withheld
  if (!takesYours) return "its owner does not let your jobs run there"
  return null
}

function cablesOf(view: HostView, views: readonly HostView[]): readonly string[] {
  const peers = view.network?.peers ?? []
  return views
    .filter((other) => {
      const model = other.facts?.model ?? null
      const own = view.facts?.model ?? null
      if (other === view || model === null || own === null) return false
      if (!peers.includes(model) || !(other.network?.peers ?? []).includes(own)) return false
      const meant = views.filter(
        (one) => one !== view && one.facts?.model === model && one.network?.peers.includes(own),
      )
      return meant.length === 1
    })
    .map(({ name }) => name)
}
