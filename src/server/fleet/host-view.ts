import type { HostView } from "../../protocol/host.ts"
import type { JobId } from "../../protocol/ids.ts"
import { type Resources, subtractResources } from "../../protocol/resources.ts"
import type { HostLeaving } from "../../store/host-record.ts"
import { hostBookings } from "../bookings/host-bookings.ts"
import type { Core } from "../core.ts"
import type { Viewer } from "../jobs/job-view.ts"
import { measureViews } from "../network/measure-views.ts"
import { wakeView } from "../network/wake-view.ts"
import { presenceFor } from "../owners/owner-view.ts"
import { saidFor } from "../owners/said-for.ts"
import { type FleetHost, usersOf } from "./fleet-host.ts"
import { hiveNetsOf } from "./hive-nets.ts"
import { strayViews } from "./leftovers.ts"
import { withheldReason } from "./withheld.ts"

function leavingView(leaving: HostLeaving | null): HostView["leaving"] {
  if (leaving === null) return null
  const { phase, by, since } = leaving
  return { phase, by, since }
}

function freeNow({ total, memoryNowBytes }: FleetHost, free: Resources): number | null {
  if (memoryNowBytes === undefined) return null
  const leasedBytes = total.memoryBytes - free.memoryBytes
  return Math.max(0, Math.min(free.memoryBytes, memoryNowBytes - leasedBytes))
}

/** A host as the API shows it to this person. @param without jobs that are left out, as if they had ended */
export function hostView(
  core: Core,
  host: FleetHost,
  viewer: Viewer,
  without: ReadonlySet<JobId> = new Set(),
): HostView {
  const { record } = host
  let free = host.total
  const there = core.table.onHost(record.id).filter(({ job }) => !without.has(job.id))
  for (const { attempt } of there) {
    // Where all of it is stopped, it has its memory only.
    const used = attempt.suspended === null ? attempt.lease : { ...attempt.lease, cores: 0, gpus: 0 }
    if (!attempt.swept) free = subtractResources(free, used)
  }
  const hiveNets = hiveNetsOf(core, host)
  const jobs = there.filter(({ attempt }) => attempt.state !== "ended")
  return {
    id: record.id,
    name: record.name,
    address: record.address,
    port: record.port,
    owner: record.owner,
    fleet: record.fleet,
    labels: record.labels,
    link: host.link,
    reason: host.reason,
    since: host.since,
    draining: record.draining,
    leaving: leavingView(record.leaving),
    withheld: withheldReason(record.leftovers),
    strays: strayViews(record.leftovers, viewer),
    hostKey: record.hostKey,
    facts: record.facts,
    disk: host.disk,
    diskLimitBytes: record.diskLimitBytes,
    ...saidFor(host, viewer),
    ...presenceFor(host, viewer),
    vitals: host.vitals,
    network: record.network.told,
    ...(hiveNets.length === 0 ? {} : { hiveNets }),
    wake: wakeView(record, viewer),
    measures: measureViews(core, record.id),
    total: host.total,
    free,
    freeNowBytes: freeNow(host, free),
    jobs: jobs.map(({ job }) => job.id),
    takesYours: usersOf(host)?.has(viewer.user) ?? true,
    bookings: hostBookings(core, record.id, viewer),
  }
}
