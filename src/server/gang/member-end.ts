import { mayBeTriedAgain } from "../../protocol/checkpoint.ts"
import type { Cause } from "../../protocol/job-state.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { awaitCheckpoint } from "../jobs/checkpoint-wait.ts"
import { bringsOutputs, leavesCheckpoint, NO_OUTPUTS } from "../jobs/close-attempt.ts"
import type { AttemptEnd } from "../jobs/outcome.ts"
import { sendStop } from "../jobs/reconcile.ts"
import { decidingMember, endOfAll, endsAll, haveAllEnded, isCommandsOwn, memberText } from "./gang-state.ts"
import { setOutputs } from "./member-outputs.ts"
import { type Member, membersOf, setMember } from "./members.ts"

/**
 * A member has ended. Where that ends all, those that are still there are asked to end. Returns how the whole ended once nobody is
 * left, else `null`. Within a change.
 */
export function noteMemberEnd(core: Core, job: JobRecord, attempt: Member, end: AttemptEnd): AttemptEnd | null {
  const members = membersOf(job)
  const order = 1 + members.filter(({ member }) => member.ended !== undefined).length
  attempt.state = "finishing"
  setMember(core, attempt, { ended: { order, slipped: end.slipped } })
  const neverRan = attempt.member.roster === undefined
  if (bringsOutputs({ job, attempt })) {
    // Its files may come at any moment from now on, whatever becomes of the others.
    const outputs = attempt.onHost && !neverRan ? ({ ...NO_OUTPUTS, state: "collecting" } as const) : NO_OUTPUTS
    setOutputs(core, { job, attempt }, outputs)
  }
  if (mayLeaveCheckpoint(attempt)) awaitCheckpoint(core, { job, attempt }, { ...end, cause: "member_ended", neverRan })
  core.ledger.jobChanged(job)
  if (haveAllEnded(members)) return endOfAll(members)
  if (isEnding(job)) endRest(core, job)
  return null
}

/**
 * Whether what the main member wrote may be what the next attempt begins with, though nobody knows yet whether there will be one: also where its
 * command failed, as it may have done so for the loss of another.
 */
function mayLeaveCheckpoint(attempt: Member): boolean {
  const { cause, exitCode, onHost, member } = attempt
  if (!leavesCheckpoint(attempt) || !onHost || member.roster === undefined || cause === null) return false
  if (cause === "host_crashed" || (cause === "exited" && exitCode === 0)) return false
  return mayBeTriedAgain(cause) || isCommandsOwn(cause)
}

/** The whole is tried again, and nothing of what the main member wrote is awaited: says so where there was something. Within a change. */
export function missCheckpoint(core: Core, job: JobRecord, main: Member): void {
  const { cause, exitCode, member } = main
  if (cause === null || member.roster === undefined || mayLeaveCheckpoint(main)) return
  if (cause === "exited" && exitCode === 0) return
  awaitCheckpoint(core, { job, attempt: main }, { cause, exitCode, signal: null, neverRan: false, slipped: false })
}

/** Whether the members that are still there are to end, because of others. */
export function isEnding(job: JobRecord): boolean {
  return endsAll(membersOf(job), job.spec.gang?.onMemberFailure ?? "end")
}

/** A member steps aside for people at its host: all end, and the whole is tried again. Within a change. */
export function stepAside(core: Core, job: JobRecord, attempt: Member, cause: Cause): void {
  if (attempt.member.leaves !== undefined) return
  setMember(core, attempt, { leaves: cause })
  endRest(core, job)
}

/** Asks all that are still there to end; who is away is asked at the next contact. */
export function endRest(core: Core, job: JobRecord): void {
  const members = membersOf(job)
  const deciding = decidingMember(members)
  const rest = members.filter(({ member, fenced }) => member.ended === undefined && !fenced)
  // Who makes room for another job has been told for whom.
  const isLeaving = job.standing?.leaving?.attempt === members[0]?.number
  if (deciding !== undefined && job.stop === null && !isLeaving) {
    job.reason = `${memberText(deciding)}; the others are asked to end`
    core.ledger.jobChanged(job)
  }
  for (const attempt of rest) sendStop(core, core.fleet.get(attempt.hostId), { job, attempt })
}
