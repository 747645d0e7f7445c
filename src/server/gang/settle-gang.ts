import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { endAttempt } from "../jobs/close-attempt.ts"
import { mayForget, outputReadable } from "../jobs/settle.ts"
import { transition } from "../jobs/transition.ts"
import { decidingMember, memberText } from "./gang-state.ts"
import { gatherOutputs, isToBeGathered } from "./member-outputs.ts"
import { membersOf } from "./members.ts"

/** Gives a job on several hosts its final state once all have ended and all that counts of each is here. Within a change. */
export function settleGang(core: Core, job: JobRecord): void {
  const { verdict } = job
  if (isToBeGathered(job)) core.ledger.afterCommit(() => void gatherOutputs(core, job.id))
  if (job.state !== "finishing" || verdict === null || job.outputs?.state === "collecting") return
  const members = membersOf(job)
  if (members.some((attempt) => !attempt.fenced && !outputReadable(core, { job, attempt }))) return
  endMembers(core, job)
  const deciding = decidingMember(members)
  const reason = deciding === undefined ? null : memberText(deciding)
  transition(core, job, verdict.state, { cause: verdict.cause, reason })
  forgetMembers(core, job)
}

/** Closes the records of all members. Within a change. */
export function endMembers(core: Core, job: JobRecord): void {
  for (const attempt of membersOf(job)) if (attempt.state !== "ended") endAttempt(core, job, attempt)
}

/** Has hosts forget members that have ended with all that counts of them here, though none of them will be heard of any more. Within a change. */
export function forgetMembers(core: Core, job: JobRecord): void {
  for (const attempt of membersOf(job)) {
    if (!mayForget({ job, attempt })) continue
    const { id, sequence, hostId } = attempt
    core.ledger.send(core.fleet.get(hostId), { type: "forget", attempt: id, sequence })
  }
}
