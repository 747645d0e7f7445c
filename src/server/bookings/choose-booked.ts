import type { Booking } from "../../protocol/booking.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { HostId } from "../../protocol/ids.ts"
import type { Times } from "../../scheduler/bookings/booking-times.ts"
import { type Clash, firstClash } from "../../scheduler/bookings/clash.ts"
import { wallText } from "../../scheduler/time/wall-text.ts"
import type { Core } from "../core.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"
import { currentPolicy, policyHolds } from "../policy/pool-policy.ts"
import { hostsOf } from "../queue/scene.ts"
import { timeLimitOf } from "../queue/standing.ts"

export interface HostsAsked {
  readonly hosts: readonly string[] | null
  readonly count: number | null
  readonly partition: string | null
  readonly all: boolean
}

/** A job that may still hold a host when a booking begins there. */
export interface Overstayer {
  readonly job: number
  readonly user: string
  readonly host: string
  /** `null`: nobody knows. */
  readonly endsAt: number | null
  /** It has a limit, and is stopped: of that time nothing counts, and nobody knows how long it will be. */
  readonly isSuspended: boolean
}

/**
 * The hosts of a booking. Named ones, or all of a partition, are taken as they are as long as no other booking is in the way. A number of them
 * is chosen so that they can be kept: neither booked at one of its times nor with a job that may still run when it begins.
 * @throws {WindfallError} host_not_found, invalid_input; wrong_state with what is in the way
 */
export function chooseBooked(core: Core, asked: HostsAsked, booking: Times & { readonly name: string }): HostId[] {
  if (asked.count === null) {
    const hosts = asked.hosts === null ? candidates(core, asked) : asked.hosts.map((name) => core.fleet.find(name))
    const ids = [...new Set(hosts.map(({ record }) => record.id))]
    for (const host of hosts) {
      const clash = clashOn(core, host.record.id, booking)
      if (clash !== null) throw clashError(core, host, booking, clash)
    }
    return ids
  }
  const all = candidates(core, asked)
  const reasons: string[] = []
  const free = all.filter((host) => {
    const reason = whyNot(core, host, booking)
    if (reason !== null) reasons.push(`${host.record.name}: ${reason}`)
    return reason === null
  })
  if (free.length < asked.count) {
    const counted = `${asked.count} ${asked.count === 1 ? "host" : "hosts"}`
    throw new WindfallError(
      "wrong_state",
      `Cannot keep ${counted}: only ${free.length} of ${all.length} can be kept then${reasons.length === 0 ? "" : ` (${reasons.slice(0, 5).join("; ")})`}`,
      {
        hint: "Choose another time (windfall reserve ls --calendar), or name hosts with --hosts to keep them all the same",
      },
    )
  }
  // As the scheduler has it: the smallest first, so that the large ones stay for who needs them; those that are connected before all.
  const rank = ({ link, total }: FleetHost) => (link === "ready" ? 0 : 1e18) + total.memoryBytes
  return free
    .sort((a, b) => rank(a) - rank(b) || (a.record.name < b.record.name ? -1 : 1))
    .slice(0, asked.count)
    .map(({ record }) => record.id)
}

/** Jobs that hold one of these hosts and may still do so when the booking begins next. */
export function overstayers(core: Core, hosts: readonly HostId[], beginsAt: number): Overstayer[] {
  return hosts.flatMap((id) =>
    [...core.table.leases()].flatMap(({ host, job, user, expectedEndMs }) => {
      if (host !== id || (expectedEndMs !== null && expectedEndMs <= beginsAt)) return []
      const record = core.table.live(job)
      const isSuspended = expectedEndMs === null && record !== undefined && timeLimitOf(record) !== null
      return { job, user, host: core.fleet.get(id)?.record.name ?? id, endsAt: expectedEndMs, isSuspended }
    }),
  )
}

function candidates(core: Core, { partition, all }: HostsAsked): FleetHost[] {
  const staying = core.fleet.all().filter(({ record }) => record.leaving === null)
  if (partition === null) {
    if (staying.length === 0) throw new WindfallError("wrong_state", "Cannot keep hosts: the pool has none")
    return staying
  }
  const isThere = partitionsByHost(core)
  const found = staying.filter(({ record }) => isThere.get(record.id)?.includes(partition) === true)
  if (found.length > 0) return found
  throw new WindfallError(
    "invalid_input",
    `Cannot keep hosts of the partition "${partition}": ${all ? "it" : "that"} has none`,
    { hint: `Partitions with hosts: ${[...new Set([...isThere.values()].flat())].join(", ") || "none"}` },
  )
}

function partitionsByHost(core: Core): ReadonlyMap<HostId, readonly string[]> {
  const hosts = policyHolds(core) ? hostsOf(core, currentPolicy(core), core.clock.now()) : [...core.fleet.schedulable()]
  return new Map(hosts.map(({ id, partitions }) => [id, partitions]))
}

function whyNot(core: Core, host: FleetHost, booking: Times & { readonly name: string }): string | null {
  const clash = clashOn(core, host.record.id, booking)
  if (clash !== null) return `${clash.booking.name} has it then`
  const [stays] = overstayers(core, [host.record.id], booking.startAt)
  if (stays === undefined) return null
  if (stays.isSuspended) return `job ${stays.job} there is suspended, and when it ends is not known`
  return stays.endsAt === null ? `job ${stays.job} there has no time limit` : `job ${stays.job} may still run there`
}

interface FoundClash extends Clash {
  readonly booking: Booking
}

function clashOn(core: Core, host: HostId, booking: Times & { readonly name: string }): FoundClash | null {
  const now = core.clock.now()
  for (const other of core.store.bookings.all()) {
    if (other.name === booking.name || !other.hosts.includes(host)) continue
    const clash = firstClash(booking, other, now)
    if (clash !== null) return { ...clash, booking: other }
  }
  return null
}

function clashError(
  core: Core,
  host: FleetHost,
  { name }: { readonly name: string },
  found: FoundClash,
): WindfallError {
  const now = core.clock.now()
  const { booking, other } = found
  const text = (ms: number) => wallText(ms, booking.timeZone, now)
  const when = `from ${text(other.startAt)} to ${text(other.endAt)} (${booking.timeZone})`
  return new WindfallError(
    "wrong_state",
    `Cannot book ${host.record.name} for ${name}: ${booking.name}, made by ${booking.madeBy}, has it ${when}`,
    {
      hint: "Choose another time or other hosts: windfall reserve ls --calendar",
      details: { booking: booking.name, host: host.record.id, startAt: other.startAt, endAt: other.endAt },
    },
  )
}
