import type { StopRequest } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { jobNumber } from "../../protocol/job-array.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { latestOf } from "../gang/members.ts"
import { NO_OUTPUTS } from "./close-attempt.ts"
import { giveUp } from "./end-attempt.ts"
import { giveUpRest } from "./give-up-rest.ts"
import type { Tried } from "./job-table.ts"
import { sendStop } from "./reconcile.ts"
import { transition } from "./transition.ts"

/**
 * Asks a job to end; a second time, or with `now`, kills it. One that waits ends at once. What runs ends when its host
 * says so, but for `now` on a host that is out of contact: then the result no longer counts. One whose command has ended
 * keeps its verdict, and what has not come of its files and output is given up at once. Within a change.
 * @throws {WindfallError} wrong_state when it has ended already
 */
export function stopJob(core: Core, job: JobRecord, request: StopRequest, actor: string): void {
  if (isFinal(job.state)) {
    throw new WindfallError("wrong_state", `Cannot stop job ${jobNumber(job)}: it has already ended (${job.state})`, {
      hint: `How it ended: windfall show ${jobNumber(job)}`,
    })
  }
  if (job.state === "held" || job.state === "queued") {
    job.verdict = { state: "cancelled", cause: "cancelled", exitCode: null, signal: null }
    job.outputs = NO_OUTPUTS
    transition(core, job, "cancelled", { cause: "cancelled", reason: `stopped by ${actor}`, actor })
    return
  }
  const attempts = latestOf(job)
  if (attempts.length === 0) return
  if (job.state === "finishing") {
    for (const attempt of attempts) giveUpRest(core, { job, attempt }, actor)
    return
  }
  const again = job.stop !== null
  const kill = again || request.now
  job.stop = {
    cause: "cancelled",
    signal: kill ? "SIGKILL" : (request.signal ?? job.spec.stopSignal),
    graceMs: kill ? 0 : (request.graceMs ?? job.spec.graceMs),
    at: core.clock.now(),
    by: actor,
  }
  job.reason = `${actor} asked it to stop`
  core.ledger.jobChanged(job)
  for (const attempt of attempts) stopAttempt(core, { job, attempt }, kill, actor)
}

function stopAttempt(core: Core, tried: Tried, kill: boolean, actor: string): void {
  const { hostId, hostName } = tried.attempt
  const host = core.fleet.get(hostId)
  if (kill && (host === undefined || host.channel === null)) {
    const text = `stopped by ${actor} while ${hostName} was out of contact: it may still run there until it is back`
    giveUp(core, tried, "link_lost", text)
    return
  }
  sendStop(core, host, tried)
}
