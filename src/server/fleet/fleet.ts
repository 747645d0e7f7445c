import { type Deferred, deferred } from "../../base/deferred.ts"
import type { ServerMessage } from "../../protocol/agent-wire.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { HostLink } from "../../protocol/host.ts"
import type { HostDisk } from "../../protocol/host-disk.ts"
import type { BlobHash, HostId } from "../../protocol/ids.ts"
import { expectedMbps } from "../../protocol/network.ts"
import type { Resources } from "../../protocol/resources.ts"
import type { HostVitals } from "../../protocol/vitals.ts"
import type { SchedulableHost } from "../../scheduler/snapshot.ts"
import type { HostRecord } from "../../store/host-record.ts"
import type { HostChannel } from "../hosts/host-channel.ts"
import { wakeProblem } from "../network/wake-view.ts"
import { capacityOf } from "./capacity.ts"
import { Joining } from "./joining.ts"
import type { UnknownAttempt } from "./unknown-attempts.ts"
import { withheldReason } from "./withheld.ts"

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
  /** What was measured from the server to it last. */
  serverMbps: number | null
  /** When this run of the server sent it last what wakes it. */
  wokenAt: number | null
  /** As told last. */
  vitals: HostVitals | null
  /** Messages that leave with the present tick. */
  outbox: ServerMessage[]
}

/** All hosts, in memory; the records are stored by those who change them. */
export class Fleet {
  readonly #hosts = new Map<HostId, FleetHost>()
  readonly #schedulable = new Map<HostId, SchedulableHost>()
  readonly #firstContacts = new Map<HostId, Deferred<void>>()
  readonly joining = new Joining()
  /** Told when a host was sent what wakes it: its link is to be tried soon. */
  onWoken: (host: HostId) => void = () => {}
  /** Names of the partitions there are. */
  readonly partitions: readonly string[]

  constructor(partitions: readonly string[]) {
    this.partitions = partitions
  }

  add(record: HostRecord, now: number): FleetHost {
    const host: FleetHost = {
      record,
      link: "connecting",
      reason: "the first contact is being made",
      since: now,
      channel: null,
      ending: new AbortController(),
      total: capacityOf(record.facts),
      unknown: [],
      trees: [],
      data: new Set(),
      places: new Set(),
      memoryFreeBytes: null,
      memoryNowBytes: undefined,
      diskFreeBytes: null,
      disk: null,
      serverMbps: null,
      wokenAt: null,
      vitals: null,
      outbox: [],
    }
    this.#hosts.set(record.id, host)
    return host
  }

  remove(id: HostId): void {
    this.#hosts.delete(id)
    this.#schedulable.delete(id)
  }

  get(id: HostId): FleetHost | undefined {
    return this.#hosts.get(id)
  }

  /** @throws {WindfallError} host_not_found */
  find(nameOrId: string): FleetHost {
    for (const host of this.#hosts.values()) {
      if (host.record.name === nameOrId || host.record.id === nameOrId) return host
    }
    const names = [...this.#hosts.values()].map(({ record }) => record.name)
    throw new WindfallError(
      "host_not_found",
      `Cannot find the host "${nameOrId.slice(0, 100)}": there is no such host`,
      {
        hint:
          names.length === 0 ? "Add one: windfall host add user@mac" : `Known hosts: ${names.slice(0, 20).join(", ")}`,
      },
    )
  }

  /** By name. */
  all(): FleetHost[] {
    return [...this.#hosts.values()].sort((a, b) => (a.record.name < b.record.name ? -1 : 1))
  }

  /** Those that are on their way out. */
  leaving(): FleetHost[] {
    return [...this.#hosts.values()].filter(({ record }) => record.leaving !== null)
  }

  get size(): number {
    return this.#hosts.size
  }

  /** Replaces the record, after it was stored. */
  update(host: FleetHost, record: HostRecord): void {
    host.record = record
    host.total = capacityOf(record.facts)
    this.#schedulable.delete(record.id)
  }

  setData(host: FleetHost, roots: ReadonlySet<BlobHash>): void {
    host.data = roots
    this.#schedulable.delete(host.record.id)
  }

  setServerMbps(id: HostId, mbps: number | null): void {
    const host = this.#hosts.get(id)
    if (host !== undefined) host.serverMbps = mbps
    this.#schedulable.delete(id)
  }

  setWoken(host: FleetHost, at: number): void {
    host.wokenAt = at
    this.#schedulable.delete(host.record.id)
  }

  setTrees(host: FleetHost, trees: readonly BlobHash[]): void {
    host.trees = trees
    this.#schedulable.delete(host.record.id)
  }

  setMemoryNow(host: FleetHost, bytes: number | undefined): void {
    if (host.memoryNowBytes === bytes) return
    host.memoryNowBytes = bytes
    this.#schedulable.delete(host.record.id)
  }

  setPlaces(host: FleetHost, names: ReadonlySet<string>): void {
    host.places = names
    this.#schedulable.delete(host.record.id)
  }

  setLink(host: FleetHost, link: HostLink, reason: string | null, now: number): void {
    if (host.link !== link) host.since = now
    host.link = link
    host.reason = reason
    this.#schedulable.delete(host.record.id)
    if (link === "connecting") return
    this.#firstContacts.get(host.record.id)?.resolve()
    this.#firstContacts.delete(host.record.id)
  }

  /** Resolves once it is known whether this host can be used, or when the signal is aborted. */
  async firstContact(id: HostId, signal: AbortSignal): Promise<void> {
    if (this.#hosts.get(id)?.link !== "connecting") return
    const contact = this.#firstContacts.get(id) ?? deferred<void>()
    this.#firstContacts.set(id, contact)
    const giveUp = () => contact.resolve()
    signal.addEventListener("abort", giveUp, { once: true })
    await contact.promise
    signal.removeEventListener("abort", giveUp)
  }

  /** Aborted when this channel has closed. */
  linkSignal(channel: HostChannel): AbortSignal {
    const host = this.#hosts.get(channel.hostId)
    return host?.channel === channel ? host.ending.signal : AbortSignal.abort()
  }

  /** What the scheduler sees, one object for each host as long as it stays the same. */
  *schedulable(): Generator<SchedulableHost> {
    for (const [id, host] of this.#hosts) {
      let seen = this.#schedulable.get(id)
      if (seen === undefined) {
        seen = {
          id,
          name: host.record.name,
          link: host.link,
          reason: host.reason,
          draining: host.record.draining || host.record.leaving !== null,
          withheld: withheldReason(host.record.leftovers),
          total: host.total,
          ...memoryBounds(host),
          partitions: this.partitions,
          data: host.data,
          places: host.places,
          network: {
            mbps: expectedMbps(host.record.network.told, host.serverMbps),
            trees: new Set(host.trees),
            wakes: host.record.network.wake && wakeProblem(host.record) === null,
            wokenAtMs: host.wokenAt,
          },
        }
        this.#schedulable.set(id, seen)
      }
      yield seen
    }
  }
}

/** What of its memory jobs may have besides `total`, as far as there are such bounds. */
function memoryBounds({
  record,
  memoryNowBytes,
}: FleetHost): Pick<SchedulableHost, "gpuMemoryBytes" | "memoryNowBytes"> {
  const { gpuMemoryBytes } = record.facts ?? {}
  return {
    ...(gpuMemoryBytes === undefined ? {} : { gpuMemoryBytes }),
    ...(memoryNowBytes === undefined ? {} : { memoryNowBytes }),
  }
}
