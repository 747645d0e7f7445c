import type { StrayView } from "../../protocol/host.ts"
import type { Leftovers, Stray } from "../../protocol/leftovers.ts"
import type { HostLeftovers, StrayRecord } from "../../store/host-record.ts"
import type { Core } from "../core.ts"
import type { Viewer } from "../jobs/job-view.ts"
import type { FleetHost } from "./fleet-host.ts"
import { withheldReason } from "./withheld.ts"

/** Of a process's name, which it may set itself. */
const MAX_COMMAND = 80

/**
 * Takes what a host says of what ended attempts left there: remembered with the host, each coming and going an event, and
 * the host withheld from new jobs or given back to them. A repeat changes nothing. Within a change.
 */
export function noteLeftovers(core: Core, host: FleetHost, told: Leftovers): void {
  const { id, name, leftovers: before } = host.record
  const after = recordOf(core, host, told)
  if (JSON.stringify(after) === JSON.stringify(before)) return
  core.fleet.update(host, { ...host.record, leftovers: after })
  core.ledger.hostChanged(host)
  for (const stray of newIn(after, before)) core.ledger.event(strayEvent(host, stray, false))
  for (const stray of newIn(before, after)) core.ledger.event(strayEvent(host, stray, true))
  const reason = withheldReason(after)
  if ((reason === null) === (withheldReason(before) === null)) return
  core.ledger.event({ type: "host_withheld", host: id, name, reason })
  core.wakePlanner()
}

/** A host's strays as this person may see them: what a process is called is its owner's business. */
export function strayViews({ strays }: HostLeftovers, viewer: Viewer): StrayView[] {
  return strays.map(({ pid, command, job, user, certain, memoryBytes, since }) => ({
    pid,
    command: maySeeCommand(viewer, user) ? command : null,
    job,
    certain,
    memoryBytes,
    since,
  }))
}

/** Whether this person may see what a process of this user is called; `null`: nobody knows whose it is. */
export function maySeeCommand(viewer: Viewer, user: string | null): boolean {
  return viewer.role === "admin" || viewer.user === user
}

function recordOf(core: Core, host: FleetHost, told: Leftovers): HostLeftovers {
  const { strays, missing } = host.record.leftovers
  const known = new Map(strays.map((stray) => [nameOf(stray), stray]))
  const now = core.clock.now()
  return {
    strays: told.strays.map((stray): StrayRecord => {
      const { pid, start, certain, memoryBytes } = stray
      const command = stray.command.slice(0, MAX_COMMAND)
      const { job, user, since } = known.get(nameOf(stray)) ?? { ...ownerOf(core, host, stray), since: now }
      return { pid, start, command, job, user, certain, memoryBytes, since }
    }),
    missing: told.missingBytes === 0 ? null : { bytes: told.missingBytes, since: missing?.since ?? now },
  }
}

/** Whatever a host says, it can only speak of attempts it was given. */
function ownerOf(core: Core, host: FleetHost, { attempt: id }: Stray): Pick<StrayRecord, "job" | "user"> {
  const number = core.table.attempt(id)?.job.id ?? core.store.jobs.attempts.jobOf(id)
  const job = number === undefined ? undefined : core.table.get(number)
  const attempt = job?.attempts.find((each) => each.id === id)
  if (job === undefined || attempt?.hostId !== host.record.id) return { job: null, user: null }
  return { job: job.id, user: job.user }
}

function nameOf({ pid, start }: Pick<StrayRecord, "pid" | "start">): string {
  return `${pid} ${start}`
}

function newIn(these: HostLeftovers, those: HostLeftovers): StrayRecord[] {
  const old = new Set(those.strays.map(nameOf))
  return these.strays.filter((stray) => !old.has(nameOf(stray)))
}

function strayEvent(host: FleetHost, { pid, command, job, user, certain }: StrayRecord, gone: boolean) {
  const { id, name } = host.record
  return { type: "stray", host: id, name, pid, command, job, user, certain, gone } as const
}
