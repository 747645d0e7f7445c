import type { EffectivePolicy } from "../../presence/effective-policy.ts"
import type { ServerMessage } from "../../protocol/agent-wire.ts"
import type { HostLink } from "../../protocol/host.ts"
import type { HostDisk } from "../../protocol/host-disk.ts"
import type { EngineLook } from "../../protocol/host-engines.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import type { HostPresence } from "../../protocol/owner.ts"
import type { Resources } from "../../protocol/resources.ts"
import type { HostVitals } from "../../protocol/vitals.ts"
import type { HostRecord } from "../../store/host-record.ts"
import type { HostChannel } from "../hosts/host-channel.ts"
import type { HostOrders } from "../owners/host-rules.ts"
import type { UnknownAttempt } from "./unknown-attempts.ts"

/** A host as the running server knows it. */
export interface FleetHost {
  record: HostRecord
  link: HostLink
  reason: string | null
  since: number
  channel: HostChannel | null
  /** Aborted with the channel. */
  ending: AbortController
  /** What jobs may use in all. */
  total: Resources
  /** As of the last contact. */
  unknown: readonly UnknownAttempt[]
  /** Workspaces of which it had all when last heard of, latest first. It may have let go of any since. */
  trees: readonly BlobHash[]
  /** Data laid out there when last heard of. */
  data: ReadonlySet<BlobHash>
  /** Names of data that it has itself. */
  places: ReadonlySet<string>
  memoryFreeBytes: number | null
  /** What jobs may hold in all just now (memory-now.ts); `undefined` where that is not known. */
  memoryNowBytes: number | undefined
  diskFreeBytes: number | null
  /** As told last. */
  disk: HostDisk | null
  /** Who is there, as its agent told on this link, or on the last one; `null`: not yet. */
  presence: HostPresence | null
  /** How often it was told on this link what holds there, and has not said yet that it took it. */
  ownerUntaken: number
  /** What holds there of what its fleet and its owner say. */
  policy: EffectivePolicy
  /** What was said of it that keeps jobs off. */
  orders: HostOrders
  /** When it was sent last what it was lent for; `null`: not in this run of the server. */
  pageSentAt: number | null
  /** What was measured from the server to it last. */
  serverMbps: number | null
  /** When this run of the server sent it last what wakes it. */
  wokenAt: number | null
  /** As told last. */
  vitals: HostVitals | null
  /** Engines of models that it has, and when it was asked, by the server's clock; `null`: not in this run of the server. */
  engines: { readonly look: EngineLook | null; readonly askedAt: number } | null
  /** Messages that leave with the present tick. */
  outbox: ServerMessage[]
}

/** Whose jobs may run there; `null`: everybody's. */
export function usersOf({ record: { owner }, policy: { values } }: FleetHost): ReadonlySet<string> | null {
  if (values.who === "everyone") return null
  return new Set(owner === null ? values.who : [...values.who, owner])
}
