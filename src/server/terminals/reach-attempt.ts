import type { Role } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { JobId } from "../../protocol/ids.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { Core } from "../core.ts"
import { mainOf } from "../gang/members.ts"
import type { HostChannel } from "../hosts/host-channel.ts"

export type Caller = { readonly user: string; readonly role: Role }

/** What is wanted of a job's attempt, for a refusal that says it. */
export interface Wish {
  readonly job: JobId
  /** After "Cannot": "open a shell beside job 12". */
  readonly to: string
  /** Whether it can be had of a job that is just ending. */
  readonly whileFinishing: boolean
}

export interface ReachedAttempt {
  readonly channel: HostChannel
  readonly sequence: number
}

/**
 * Finds the way to where a job runs now, for its owner and administrators.
 * @throws {WindfallError} job_not_found, not_allowed, wrong_state, host_unreachable
 */
export function reachAttempt(core: Pick<Core, "table" | "fleet">, wish: Wish, caller: Caller): ReachedAttempt {
  const { to } = wish
  const job = ownJob(core, wish, caller)
  const refuse = (reason: string, hint?: string) =>
    new WindfallError("wrong_state", `Cannot ${to}: ${reason}`, { hint, details: { state: job.state } })
  if (isFinal(job.state)) throw refuse("it has ended", `What it printed: windfall logs ${job.id}`)
  const attempt = mainOf(job)
  if (attempt === undefined || job.state === "queued" || job.state === "held") {
    throw refuse("it has not started yet", `Why it waits: windfall why ${job.id}`)
  }
  if (!wish.whileFinishing && job.state === "finishing") throw refuse("it is just ending")
  const host = core.fleet.get(attempt.hostId)
  if (host === undefined || host.channel === null) {
    const name = host?.record.name ?? "its host"
    const reason = host?.reason == null ? "" : ` (${host.reason})`
    throw new WindfallError("host_unreachable", `Cannot ${to}: ${name} is out of contact${reason}`, {
      hint: "The job is not lost: try again when the host is back",
    })
  }
  return { channel: host.channel, sequence: attempt.sequence }
}

/** The job, if it is the caller's to reach. @throws {WindfallError} job_not_found, not_allowed */
export function ownJob(core: Pick<Core, "table">, { job: id, to }: Pick<Wish, "job" | "to">, { user, role }: Caller) {
  const job = core.table.get(id)
  if (job.user !== user && role !== "admin") {
    throw new WindfallError("not_allowed", `Cannot ${to}: it belongs to ${job.user}`, {
      hint: "Only its sender and administrators can",
    })
  }
  return job
}
