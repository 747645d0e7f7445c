import { HOST_QUARANTINE_CRASHES } from "../../scheduler/obstacle.ts"
import type { Core } from "../core.ts"
import type { Tried } from "./job-table.ts"

/** An attempt ended with the crash of its host: told, and remembered for where such jobs go from now on. Within a change. */
export function noteHostCrash(core: Core, { job, attempt }: Tried): void {
  const { crashes } = core.store.jobs
  crashes.add(job.user, job.spec, { attempt: attempt.id, host: attempt.hostId, at: core.clock.now() })
  const times = crashes.of(job.user, job.spec).find(({ host }) => host === attempt.hostId)?.times ?? 1
  core.table.crashed()
  core.ledger.event({
    type: "host_crashed",
    host: attempt.hostId,
    name: attempt.hostName,
    job: job.id,
    attempt: attempt.id,
    reason: attempt.message,
    times,
    quarantined: times >= HOST_QUARANTINE_CRASHES,
  })
}
