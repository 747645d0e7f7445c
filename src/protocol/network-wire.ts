import type { HostNetwork, WakeAddress } from "./network.ts"

/** What an agent tells of its host on the network. A part of `AgentMessage`. */
export type NetworkNews =
  /** After `hello`, and when any of it has changed. A repeat changes nothing. */
  {
    readonly type: "network"
    readonly network: HostNetwork
    /** `null`: it cannot be woken, or it is not known how. */
    readonly wake: WakeAddress | null
  }
