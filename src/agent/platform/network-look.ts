import type { HostNetwork, WakeAddress } from "../../protocol/network.ts"

/** What a look at the host's network found. */
export interface NetworkLook {
  readonly network: HostNetwork
  /** `null`: not by cable, or not known. */
  readonly wake: WakeAddress | null
}

/** How a platform looks at its network. `slow` lets it ask what takes seconds: rates of Wi-Fi, Macs at Thunderbolt ports. */
export type LookAtNetwork = (options: { readonly slow: boolean }) => Promise<NetworkLook>

export const UNKNOWN_NETWORK: NetworkLook = {
  network: { kind: "unknown", mbps: null, interface: null, peers: [] },
  wake: null,
}
