import type { HostLink } from "../protocol/host.ts"
import type { BlobHash, HostId, JobId } from "../protocol/ids.ts"
import type { HostObstacle } from "../protocol/owner.ts"
import type { ResourceRequest, Resources } from "../protocol/resources.ts"
import type { KeptHost } from "./bookings/kept-hosts.ts"
import type { ArrayTasks } from "./request/array-tasks.ts"

/**
 * All the scheduler knows: plain data, never changed by it. The collections may be live ones (`map.values()`): they are
 * read once, from the front, and not further than needed, so that a long queue costs nothing while nothing is free.
 */
export interface Snapshot {
  readonly hosts: Iterable<SchedulableHost>
  /** Jobs in state `queued`, in queue order: whoever stands earlier is never delayed by who stands later. */
  readonly waiting: Iterable<WaitingJob>
  /** What attempts hold now, from their placement until their process tree is gone. */
  readonly leases: Iterable<Lease>
}

export interface SchedulableHost {
  readonly id: HostId
  readonly name: string
  readonly link: HostLink
  /** Why the link is what it is, in words; `null` when ready. */
  readonly reason: string | null
  /** Takes no new jobs. */
  readonly draining: boolean
  /** Why it takes no new jobs because of what ended ones left there, in words; `null` when it does. */
  readonly withheld: string | null
  /** What keeps it from taking jobs for the sake of people there; nothing when it takes them. The first one counts most. */
  readonly ownerObstacles: readonly HostObstacle[]
  /** Whose jobs its owner lets run there; `null`: everybody's. */
  readonly users: ReadonlySet<string> | null
  /** What jobs may use in all. */
  readonly total: Resources
  /** What rules say of its memory (`keep_memory`); absent where nobody has said anything. */
  readonly keeps?: KeptMemory
  /** How much of the memory a job that leases the GPU may have; absent where there is no such bound. */
  readonly gpuMemoryBytes?: number
  /**
   * What jobs may hold in all just now, with what those that run there hold already: less than `total` while others use the memory.
   * Absent where that is not known.
   */
  readonly memoryNowBytes?: number
  /** Names of the partitions whose jobs may come here. */
  readonly partitions: readonly string[]
  /** Data that is laid out there, by its tree. */
  readonly data: ReadonlySet<BlobHash>
  /** Names of data that it has itself. */
  readonly places: ReadonlySet<string>
  /** Absent: nothing is known of it. */
  readonly network?: SchedulableNetwork
}

export interface KeptMemory {
  readonly bytes: number
  readonly ofBytes: number
  /** What jobs might use without that rule. */
  readonly elseBytes: number
}

export interface SchedulableNetwork {
  /** What to expect from the server to it; `null`: not known. */
  readonly mbps: number | null
  /** Workspaces of which it has all. */
  readonly trees: ReadonlySet<BlobHash>
  /** It is woken when it sleeps and a job could run there. */
  readonly wakes: boolean
  /** When it was sent last what wakes it; `null`: not lately. */
  readonly wokenAtMs: number | null
}

/** Data that a job needs. */
export interface WantedData {
  readonly name: string
  /** A tree that can be laid out anywhere; `null`: only hosts that have data of this name themselves will do. */
  readonly root: BlobHash | null
  readonly bytes: number
}

export interface WaitingJob {
  readonly id: JobId
  readonly user: string
  /** At least one byte and one core; the API refuses less. */
  readonly resources: ResourceRequest
  readonly partition: string
  /** The name or id of the only host it may run on; `null` for any. */
  readonly hostWanted: string | null
  /** On so many hosts at once, all or none; absent for one. */
  readonly hosts?: number
  /** Whether secrets reach it: then it never shares a host with a job of another user, who could read them there. */
  readonly hasSecrets: boolean
  readonly data: readonly WantedData[]
  /** Its folder, where that is large enough to matter; absent or `null` where it is not. */
  readonly workspace?: { readonly root: BlobHash; readonly bytes: number } | null
  /** Milliseconds since 1970 before which it does not start (a pause before the next try). Until then it holds no place. */
  readonly notBeforeMs: number | null
  /** What it waits for until then at most, in words; absent where it is nothing but time. */
  readonly awaits?: string
  /** Hosts that crashed while they ran it, or jobs like it, and how often; absent for none. */
  readonly crashes?: readonly { readonly host: HostId; readonly times: number }[]
  /** The booking in which alone it runs; absent for none. */
  readonly booking?: string
  /** Hosts that a booking keeps from it now; absent for none. It holds no place there. */
  readonly kept?: readonly KeptHost[]
  /** Of an array: its tasks that may begin. Of one task that is tried again: none, and it stands for itself. Absent for other jobs. */
  readonly array?: WaitingTasks
}

/** Tasks of an array in the queue. */
export interface WaitingTasks {
  readonly of: JobId
  /** `null`: the waiting job is one task itself. */
  readonly tasks: ArrayTasks | null
  /** How many may run at a time; `null`: as many as there is room for. */
  readonly atOnce: number | null
  /** How many run now. */
  readonly running: number
}

export interface Lease {
  readonly job: JobId
  readonly host: HostId
  readonly resources: Resources
  readonly user: string
  readonly hasSecrets: boolean
  /** When it ends at the latest, in milliseconds since 1970; `null` when nobody can know. Only told, never relied on. */
  readonly expectedEndMs: number | null
}
