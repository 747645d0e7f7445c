import type { HostFacts } from "../protocol/host.ts"
import type { HostId, JobId } from "../protocol/ids.ts"
import type { HostNetwork, WakeAddress } from "../protocol/network.ts"
import type { Lever } from "../protocol/owner.ts"

/** What is stored of a host. The state of the link to it is not: that is learned anew by every run of the server. */
export interface HostRecord {
  readonly id: HostId
  /** Unique; what people type. */
  readonly name: string
  /**
   * What is given to ssh: `user@mac` or an alias of the server's ssh configuration. `local:ROOT` is this very machine:
   * its agent is a plain child process and works in the folder ROOT (absolute), no ssh in between.
   */
  readonly address: string
  readonly port: number | null
  readonly owner: string | null
  readonly fleet: string
  readonly labels: Readonly<Record<string, string>>
  /** The pinned key, "ssh-ed25519 AAAA..."; "" for `local:`. */
  readonly hostKey: string
  readonly draining: boolean
  readonly createdAt: number
  /** As found at the last connect; `null` before the first. */
  readonly facts: HostFacts | null
  /** The sequence number the next attempt on this host gets. Only grows. */
  readonly nextSequence: number
  readonly leftovers: HostLeftovers
  readonly leaving: HostLeaving | null
  /** What Windfall may hold there at most, as an administrator said; `null`: as the host itself reckons. */
  readonly diskLimitBytes: number | null
  /** The owner's account on the host. */
  readonly consoleAccount: string | null
  /** What was said of it by its owner and others. */
  readonly lever: Lever
  /** When the line for a week was told last; `null`: never. */
  readonly weekToldAt: number | null
  /** What names the machine whatever it is called: a hash that only this server gets of it; `null` as long as it has not said. */
  readonly machine: string | null
  readonly network: HostNetworkRecord
}

/** A host on the network. */
export interface HostNetworkRecord {
  /** As it said last; `null`: never. */
  readonly told: HostNetwork | null
  /** How to wake it, as it said last. */
  readonly wakeAddress: WakeAddress | null
  /** An administrator wants it to be woken for jobs. */
  readonly wake: boolean
}

export const NO_NETWORK: HostNetworkRecord = { told: null, wakeAddress: null, wake: false }

/**
 * How a host leaves the pool. ending: jobs there are asked to end, at the next contact if need be; cleaning: what Windfall has
 * there is being removed; left: its owner has done it all.
 */
export interface HostLeaving {
  readonly phase: "ending" | "cleaning" | "left"
  /** A user's name, or the owner of whom only that is known. */
  readonly by: string
  readonly since: number
  /** Jobs are not asked but ended. */
  readonly now: boolean
}

/** What ended attempts left on a host, as its agent told last. */
export interface HostLeftovers {
  readonly strays: readonly StrayRecord[]
  /** Memory that no process holds and that is still not free; `null` for none to speak of. */
  readonly missing: { readonly bytes: number; readonly since: number } | null
}

export interface StrayRecord {
  readonly pid: number
  /** With the pid, one process and no other. */
  readonly start: string
  readonly command: string
  /** The job it is of and its owner; `null` when this server does not know the attempt the host named. */
  readonly job: JobId | null
  readonly user: string | null
  readonly certain: boolean
  readonly memoryBytes: number
  /** When the server first heard of it. */
  readonly since: number
}

export const NO_LEFTOVERS: HostLeftovers = { strays: [], missing: null }
