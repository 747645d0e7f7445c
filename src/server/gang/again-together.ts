import { isForOwner } from "../../protocol/job-state.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { againText, preemptedText } from "../jobs/again-text.ts"
import type { AttemptEnd } from "../jobs/outcome.ts"
import { decidingMember, memberText } from "./gang-state.ts"
import { membersOf } from "./members.ts"

/** What was, where all members of an attempt have ended and are tried again, in words that stay true while they wait. */
export function againTogether(core: Core, job: JobRecord, end: AttemptEnd): string {
  return `${whatWas(core, job, end)}; all of it is tried again`
}

function whatWas(core: Core, job: JobRecord, end: AttemptEnd): string {
  const members = membersOf(job)
  const preempted = preemptedText(job)
  if (preempted !== null) return `attempt ${members[0]?.number} was ${preempted}`
  const left = members.find(({ cause }) => isForOwner(cause))
  if (left !== undefined && isForOwner(end.cause)) return againText(core, { job, attempt: left }, end.neverRan)
  const deciding = decidingMember(members)
  const how = deciding === undefined ? `ended (${end.cause})` : memberText(deciding)
  return `attempt ${members[0]?.number}: ${how}`
}
