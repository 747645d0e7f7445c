import type { FoundAttempt } from "../../protocol/agent-wire.ts"
import type { JobRecord } from "../../store/job-record.ts"
import { holdFoundTasks } from "../arrays/hold-found.ts"
import type { Core } from "../core.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"
import { setStanding } from "../queue/standing.ts"
import { transition } from "./transition.ts"

/**
 * A host has used numbers which this database has still to give: it was restored from an older copy, and what ran since is not in it. What waits
 * in it may have run, or run just now: a job that the host has an attempt of, and one that must never run twice, are held before
 * anything is planned, and its user is told why. Of an attempt that ended and was forgotten no host has a trace. Within a change.
 * @param unknown what the host holds that the database lacks
 */
export function holdWhatMayHaveRun(core: Core, host: FleetHost, unknown: readonly FoundAttempt[]): void {
  const { name } = host.record
  const found = new Set(unknown.map(({ job }) => job))
  for (const job of [...core.table.all()]) {
    if (job.array !== undefined) holdFoundTasks(core, host, job, found)
    if (job.state !== "queued") continue
    if (found.has(job.id))
      hold(core, host, job, `${name} has an attempt of a job of its number that the database does not know`)
    else if (job.spec.retry.once)
      hold(core, host, job, `it must not run twice, and ${name} ran jobs that the database does not know`)
  }
}

function hold(core: Core, { record }: FleetHost, job: JobRecord, why: string): void {
  if (job.standing?.hold === undefined) setStanding(core, job, { hold: "copy" })
  const message = `The server's database is an older copy: job ${job.id} is held, as ${why}. If it is to run: windfall release ${job.id}`
  core.ledger.event({ type: "notice", message, host: record.id, job: job.id })
  transition(core, job, "held", { reason: "held: the server's database is an older copy, and it may have run already" })
}
