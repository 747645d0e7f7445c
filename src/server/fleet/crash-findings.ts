import { formatDuration } from "../../base/duration.ts"
import type { DoctorFinding } from "../../protocol/api.ts"
import { HOST_QUARANTINE_CRASHES } from "../../scheduler/obstacle.ts"
import type { CrashesAlike } from "../../store/crashes.ts"
import type { Core } from "../core.ts"
import { mayRule, type Viewer } from "../jobs/job-view.ts"
import type { FleetHost } from "./fleet-host.ts"

/** A single crash may be a power cut; after this long it is not told of any more. */
const TOLD_MS = 30 * 86_400_000
const MOST_NAMED = 10

/** What `doctor` says of a host's crashes: while which jobs, how often, which do not go there any more, what lets them. */
export function crashFindings(core: Core, host: FleetHost, viewer: Viewer): DoctorFinding[] {
  const { id, name } = host.record
  const now = core.clock.now()
  const all = core.store.jobs.crashes.on(id).toSorted((a, b) => b.lastAt - a.lastAt)
  const told = all.filter(({ times, lastAt }) => times >= HOST_QUARANTINE_CRASHES || now - lastAt < TOLD_MS)
  const findings = told.slice(0, MOST_NAMED).map((one): DoctorFinding => {
    const { times, lastAt, lastAttempt } = one
    const often = times === 1 ? "once" : times === 2 ? "twice" : `${times} times`
    const ago = formatDuration(Math.max(0, now - lastAt))
    const { job, reason } = aboutJob(core, host, viewer, lastAttempt)
    const crash = `it crashed ${often} while ${job} ran, ${times === 1 ? "" : "last "}${ago} ago${reason}`
    if (times < HOST_QUARANTINE_CRASHES) {
      const fix = `Nothing, if it was the power. Else look at its reports: ls /Library/Logs/DiagnosticReports there`
      return { subject: name, code: "host_crashed", level: "warning", text: crash, fix }
    }
    const text = `${crash}: neither that job nor any like it goes there again`
    return { subject: name, code: "quarantine", level: "warning", text, fix: FIX(name) }
  })
  if (told.length <= MOST_NAMED) return findings
  const text = `it crashed while ${told.length - MOST_NAMED} other jobs ran, too`
  return [...findings, { subject: name, code: "host_crashed", level: "warning", text, fix: FIX(name) }]
}

const FIX = (name: string) =>
  `Once what made it crash is mended (macOS updated, say), let them go there again: windfall host set ${name} --forgive. One of them alone: send it under another name (-J NAME)`

function aboutJob(core: Core, host: FleetHost, viewer: Viewer, attempt: CrashesAlike["lastAttempt"]) {
  const id = core.store.jobs.attempts.jobOf(attempt)
  if (id === undefined) return { job: "a job that is not known any more", reason: "" }
  const job = core.table.get(id)
  if (!mayRule(viewer, job) && viewer.user !== host.record.owner) return { job: `job ${id} of ${job.user}`, reason: "" }
  const title = job.spec.name === null ? `job ${id}` : `job ${id} (${job.spec.name})`
  const message = core.store.jobs.attempts.ofJob(id).find((one) => one.id === attempt)?.message ?? null
  return { job: `${title} of ${job.user}`, reason: message === null ? "" : ` (${message})` }
}

/** Forgets a host's crashes, within a change: jobs that do not go there any more do so again. @returns how many kinds of jobs it was */
export function forgiveCrashes(core: Core, host: FleetHost): number {
  const { crashes } = core.store.jobs
  const kinds = crashes.on(host.record.id).length
  if (kinds === 0) return 0
  crashes.forgive(host.record.id)
  core.table.crashed()
  return kinds
}
