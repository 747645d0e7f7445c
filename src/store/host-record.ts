import type { HostFacts } from "../protocol/host.ts"
import type { HostId } from "../protocol/ids.ts"

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
}
