/**
 * How a host is on the network: the shapes that server, agent and command line share. The word is `network`, since `link` is the
 * state of the ssh link to a host.
 */

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
}

/** What a packet that wakes the host must be made of. A hardware address is for administrators only. */
export interface WakeAddress {
  /** Of the interface of the default route: "d0:11:e5:18:1a:ba". */
  readonly hardware: string
  /** Where all of its net hear: "192.168.1.255". */
  readonly broadcast: string
  /** Whether the system is set to wake for the network; `null`: not known. */
  readonly isAllowed: boolean | null
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
