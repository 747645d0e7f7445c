import { expectedMbps, type NetworkKind } from "../../protocol/network.ts"
import type { Fleet, FleetHost } from "./fleet.ts"

/** The way that data takes from one host to another. */
export interface Way {
  readonly kind: NetworkKind
  /** What is expected of it for data; `null`: not known. */
  readonly mbps: number | null
  readonly roundTripMs: number | null
  readonly isMeasured: boolean
  /** Members may not talk over it: what they say goes through the server. */
  readonly isTunnelled?: true
}

/** Ways between hosts of a fleet: as measured or described, else a cable, else the worse of both interfaces. */
export class Ways {
  readonly #described = new Map<string, Fleet["links"][number]>()

  readonly #isGuarded: boolean

  constructor({ links, isGuarded }: Fleet) {
    this.#isGuarded = isGuarded === true
    for (const link of links) this.#described.set(pairKey(...link.between), link)
  }

  between(a: FleetHost, b: FleetHost): Way {
    const way = this.#direct(a, b)
    return this.#mayTalk(a, b, way) ? way : { ...way, isTunnelled: true }
  }

  #mayTalk(a: FleetHost, b: FleetHost, { kind }: Way): boolean {
    if (a.isLoopbackOnly === true || b.isLoopbackOnly === true) return false
    return !this.#isGuarded || kind === "thunderbolt" || commonNets([a, b]).length > 0
  }

  #direct(a: FleetHost, b: FleetHost): Way {
    const link = this.#described.get(pairKey(a.name, b.name))
    const plain = plainWay(a, b)
    if (link === undefined) return plain
    const kind = link.kind ?? plain.kind
    const measured =
      link.mbps ??
      (link.kind === null ? plain.mbps : expectedMbps({ kind, mbps: null, interface: null, peers: [] }, null))
    return { kind, mbps: measured, roundTripMs: link.roundTripMs, isMeasured: link.mbps !== null }
  }
}

/** Trusted networks that all of them have an address in. */
export function commonNets(hosts: readonly Pick<FleetHost, "hiveNets">[]): readonly string[] {
  const [first, ...others] = hosts
  return (first?.hiveNets ?? []).filter((net) => others.every(({ hiveNets = [] }) => hiveNets.includes(net)))
}

function plainWay(a: FleetHost, b: FleetHost): Way {
  const way = (kind: NetworkKind, mbps: number | null): Way => ({ kind, mbps, roundTripMs: null, isMeasured: false })
  if (a.cables.includes(b.name) || b.cables.includes(a.name)) return way("thunderbolt", mbpsOf("thunderbolt", null))
  const ends = [a.network, b.network]
  const rates = ends.map(({ kind, mbps }) => mbpsOf(kind, mbps)).filter((mbps) => mbps !== null)
  const mbps = rates.length === 0 ? null : Math.min(...rates)
  if (ends.some(({ kind }) => kind === "wifi")) return way("wifi", mbps)
  if (ends.every(({ kind }) => kind === "thunderbolt")) return way("thunderbolt", mbps)
  // Thunderbolt without a cable between these two goes over whatever else they have.
  if (ends.some(({ kind }) => kind === "unknown")) return way("unknown", mbps)
  return way("ethernet", mbps)
}

function mbpsOf(kind: NetworkKind, mbps: number | null): number | null {
  return expectedMbps({ kind, mbps, interface: null, peers: [] }, null)
}

function pairKey(a: string, b: string): string {
  return a < b ? `${a}\n${b}` : `${b}\n${a}`
}
