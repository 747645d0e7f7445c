import type { Clock } from "../../base/clock.ts"
import { type Deferred, deferred } from "../../base/deferred.ts"
import { NO_FLEET, saidPolicy } from "../../presence/said-policy.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { HostLink } from "../../protocol/host.ts"
import type { BlobHash, HostId } from "../../protocol/ids.ts"
import { expectedMbps } from "../../protocol/network.ts"
import type { HostPresence } from "../../protocol/owner.ts"
import type { SchedulableHost } from "../../scheduler/snapshot.ts"
import type { FleetRules } from "../../store/fleet-policies.ts"
import type { HostRecord } from "../../store/host-record.ts"
import type { HostChannel } from "../hosts/host-channel.ts"
import { wakeProblem } from "../network/wake-view.ts"
import { obstaclesOf, ordersOf, publicObstacle } from "../owners/host-rules.ts"
import { capacityOf, keptOf } from "./capacity.ts"
import { type FleetHost, usersOf } from "./fleet-host.ts"
import { Joining } from "./joining.ts"
import { withheldReason } from "./withheld.ts"

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

  readonly #clock: Pick<Clock, "now">
  #rules: ReadonlyMap<string, FleetRules>

  /** @param rules what fleets say of their hosts */
  constructor(partitions: readonly string[], clock: Pick<Clock, "now">, rules: ReadonlyMap<string, FleetRules>) {
    this.partitions = partitions
    this.#clock = clock
    this.#rules = rules
  }

  /** What a fleet says of its hosts. */
  rulesOf(fleet: string): FleetRules {
    return this.#rules.get(fleet) ?? NO_FLEET
  }

  /** What fleets say, after it was stored. */
  setRules(rules: ReadonlyMap<string, FleetRules>): void {
    this.#rules = rules
    for (const host of this.#hosts.values()) this.#reckon(host)
  }

  add(record: HostRecord, now: number): FleetHost {
    const policy = saidPolicy(this.rulesOf(record.fleet), record.lever)
    const host: FleetHost = {
      record,
      link: "connecting",
      reason: "the first contact is being made",
      since: now,
      channel: null,
      ending: new AbortController(),
      total: capacityOf(record.facts, policy),
      unknown: [],
      trees: [],
      data: new Set(),
      places: new Set(),
      memoryFreeBytes: null,
      memoryNowBytes: undefined,
      diskFreeBytes: null,
      disk: null,
      presence: null,
      policy,
      orders: ordersOf({ ...record, policy }, now),
      ownerUntaken: 0,
      pageSentAt: null,
      serverMbps: null,
      wokenAt: null,
      vitals: null,
      engines: null,
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
    this.#reckon(host)
  }

  setPresence(host: FleetHost, presence: HostPresence | null): void {
    host.presence = presence
    this.#schedulable.delete(host.record.id)
  }

  /** Pauses end, and hours come, by themselves. Returns when that is next, or `null`. */
  refreshOrders(): number | null {
    const now = this.#clock.now()
    let next: number | null = null
    for (const host of this.#hosts.values()) {
      if (host.orders.changeAt !== null && host.orders.changeAt <= now) this.#reckon(host)
      const { changeAt } = host.orders
      if (changeAt !== null) next = Math.min(next ?? changeAt, changeAt)
    }
    return next
  }

  #reckon(host: FleetHost): void {
    const { record } = host
    host.policy = saidPolicy(this.rulesOf(record.fleet), record.lever)
    host.orders = ordersOf({ ...record, policy: host.policy }, this.#clock.now())
    host.total = capacityOf(record.facts, host.policy)
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
          ownerObstacles: obstaclesOf(host).map(publicObstacle),
          users: usersOf(host),
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
  policy,
  memoryNowBytes,
}: FleetHost): Pick<SchedulableHost, "gpuMemoryBytes" | "memoryNowBytes" | "keeps"> {
  const { gpuMemoryBytes } = record.facts ?? {}
  const keeps = keptOf(record.facts, policy)
  return {
    ...(keeps === null ? {} : { keeps }),
    ...(gpuMemoryBytes === undefined ? {} : { gpuMemoryBytes }),
    ...(memoryNowBytes === undefined ? {} : { memoryNowBytes }),
  }
}
