/**
 * How a host is on the network: the shapes that server, agent and command line share. The word is `network`, since `link` is the
 * state of the ssh link to a host.
 */

import type { MemberAddress } from "./gang-wire.ts"

export const NETWORK_KINDS = ["ethernet", "wifi", "thunderbolt", "unknown"] as const
export type NetworkKind = (typeof NETWORK_KINDS)[number]

/** What the host's system says of the interface of its default route, and of Macs at its Thunderbolt ports. */
export interface HostNetwork {
  readonly kind: NetworkKind
  /** As the system says it: of Ethernet what was agreed upon, of Wi-Fi its rate at that moment; `null`: not known. */
  readonly mbps: number | null
  /** "en0"; `null`: there is no default route, or it is not known. */
  readonly interface: string | null
  /** Macs connected over Thunderbolt, by model ("Mac15,14"); the same one twice where there are two. */
  readonly peers: readonly string[]
  /** Its IPv4 addresses. Absent from agents of earlier releases. */
  readonly addresses?: readonly MemberAddress[] | undefined
}

/** So many are told of one host. */
export const MOST_ADDRESSES = 32

/** What a packet that wakes the host must be made of. A hardware address is for administrators only. */
export interface WakeAddress {
  /** Of the interface of the default route: "d0:11:e5:18:1a:ba". */
  readonly hardware: string
  /** Where all of its net hear: "192.168.1.255". */
  readonly broadcast: string
  /** Whether the system is set to wake for the network; `null`: not known. */
  readonly isAllowed: boolean | null
}

/** Whether a host is woken for jobs. */
export interface HostWakeView {
  /** An administrator wants it. */
  readonly isOn: boolean
  /** For administrators; `null` for others, and where it is not known. */
  readonly hardware: string | null
  /** Why it cannot be woken, in words; `null` when it can. */
  readonly problem: string | null
}

/** The server itself, where an end of a measurement is named. No host can have this id. */
export const SERVER_END = "server"

/** What one transfer from one end to another came to. */
export interface NetworkMeasure {
  /** Ids of hosts, or {@link SERVER_END}. */
  readonly from: string
  readonly to: string
  readonly mbps: number
  /** The median of several. */
  readonly roundTripMs: number
  readonly bytes: number
  readonly durationMs: number
  /** By the server's clock. */
  readonly at: number
}

/** A measurement as people see it, from one host. */
export interface MeasureView {
  /** The other end: a host's name, or "server". */
  readonly with: string
  /** To this host, and from it; `null`: not measured. */
  readonly toMbps: number | null
  readonly fromMbps: number | null
  readonly roundTripMs: number
  readonly at: number
}

/** A folder of so many bytes is large: senders say how large, and it counts where to run. */
export const LARGE_WORKSPACE_BYTES = 50_000_000

/** What of its rate is left for files: Ethernet has headers; Wi-Fi spends about half on sharing the air (measured by many). */
const SHARE: Readonly<Record<NetworkKind, number>> = { ethernet: 0.94, thunderbolt: 0.94, wifi: 0.5, unknown: 0.94 }
/** Rates where the system tells none. */
const USUAL_MBPS: Readonly<Record<NetworkKind, number | null>> = {
  ethernet: 1_000,
  thunderbolt: 10_000,
  wifi: 460,
  unknown: null,
}

/** What to expect of the way from the server to a host, in megabits a second: as measured, else as its system says. `null`: nobody knows. */
export function expectedMbps(network: HostNetwork | null, measuredMbps: number | null): number | null {
  if (measuredMbps !== null) return measuredMbps
  if (network === null) return null
  const mbps = network.mbps ?? USUAL_MBPS[network.kind]
  return mbps === null ? null : mbps * SHARE[network.kind]
}

/** "Wi-Fi", "10 GbE", "Ethernet", "Thunderbolt", for people; `null` where it is not known. */
export function networkText({ kind, mbps }: HostNetwork): string | null {
  if (kind === "wifi") return mbps === null ? "Wi-Fi" : `Wi-Fi ${mbps} Mbit/s`
  if (kind === "thunderbolt") return "Thunderbolt"
  if (kind === "unknown") return null
  if (mbps === null) return "Ethernet"
  return mbps >= 1_000 ? `${mbps / 1_000} GbE` : `Ethernet ${mbps} Mbit/s`
}
