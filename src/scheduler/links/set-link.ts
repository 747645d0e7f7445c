/** How well hosts are linked with each other: what decides which ones a job on several hosts gets. */
import { expectedMbps, type HostNetwork } from "../../protocol/network.ts"

/** A host on the network, as far as others are to reach it. */
export interface LinkedHost extends Pick<HostNetwork, "kind" | "mbps" | "peers"> {
  /** As Macs at its Thunderbolt ports see it: "Mac15,14"; `null`: not known. */
  readonly model: string | null
}

/** The link that all of a set have with all: as good as the one between the two that are linked worst. */
export interface SetLink {
  readonly kind: "thunderbolt" | "wired" | "unknown" | "wifi"
  /** To expect between any two, in megabits a second; `null`: nobody knows. */
  readonly mbps: number | null
}

/** Better ones are higher. Within a kind a factor of two is a step, as less matters to no job. */
export interface LinkLevel {
  readonly kind: number
  readonly step: number
}

const KINDS = ["wifi", "unknown", "wired", "thunderbolt"] as const
/** Nothing less is told apart. */
const LEAST_MBPS = 100

/** Of two hosts, were there no cable between them. @param measuredMbps between them, where that was measured */
export function pairLink(a: LinkedHost | undefined, b: LinkedHost | undefined, measuredMbps: number | null): SetLink {
  const kinds = [a, b].map((host) => (host === undefined ? "unknown" : host.kind))
  const kind = kinds.includes("wifi") ? "wifi" : kinds.includes("unknown") ? "unknown" : "wired"
  const expected = [a, b].map((host) => (host === undefined ? null : expectedMbps({ ...host, interface: null }, null)))
  const [first = null, second = null] = expected
  return { kind, mbps: measuredMbps ?? (first === null || second === null ? null : Math.min(first, second)) }
}

/**
 * Whether each sees a Mac of every other one's model at its Thunderbolt ports, two where there are two of that model. More nobody can
 * know: macOS names models there and no Macs. What holds of a set holds of each part of it.
 */
export function areAllCabled(hosts: readonly (LinkedHost | undefined)[]): boolean {
  if (hosts.length < 2) return false
  return hosts.every((host) => {
    if (host === undefined) return false
    const seen = [...host.peers]
    return hosts.every((other) => {
      if (other === host) return true
      const at = other?.model == null ? -1 : seen.indexOf(other.model)
      if (at < 0) return false
      seen.splice(at, 1)
      return true
    })
  })
}

/** @param measured megabits a second between two of them, by their places in the list; `null`: not measured */
export function setLink(
  hosts: readonly (LinkedHost | undefined)[],
  measured: (a: number, b: number) => number | null,
): SetLink {
  if (areAllCabled(hosts)) return { kind: "thunderbolt", mbps: null }
  const pairs = hosts.flatMap((a, i) => hosts.slice(i + 1).map((b, j) => pairLink(a, b, measured(i, i + 1 + j))))
  const [first = { kind: "unknown", mbps: null }, ...others] = pairs
  return others.reduce((worst, pair) => (isWorse(levelOf(pair), levelOf(worst)) ? pair : worst), first)
}

export function levelOf({ kind, mbps }: SetLink): LinkLevel {
  const step = mbps === null ? 0 : Math.max(0, Math.floor(Math.log2(mbps / LEAST_MBPS)))
  return { kind: KINDS.indexOf(kind), step: kind === "thunderbolt" ? 0 : step }
}

export function isWorse(a: LinkLevel, b: LinkLevel): boolean {
  return a.kind < b.kind || (a.kind === b.kind && a.step < b.step)
}

/** "Thunderbolt", "wired, 9400 Mbit/s", for people. */
export function linkText({ kind, mbps }: SetLink): string {
  const words = { thunderbolt: "Thunderbolt between all", wired: "wired", unknown: "not known", wifi: "over Wi-Fi" }[
    kind
  ]
  if (mbps === null) return words
  const speed = mbps >= 1_000 ? `${Math.round(mbps / 100) / 10} Gbit/s` : `${Math.round(mbps)} Mbit/s`
  return `${words}, about ${speed}`
}
