import type { AttemptRecord, JobRecord } from "../../store/job-record.ts"
import type { MemberRecord } from "../../store/member-record.ts"
import type { Core } from "../core.ts"
import { decidingMember } from "./gang-state.ts"

export type Member = AttemptRecord & { member: MemberRecord }

export function isMember(attempt: AttemptRecord): attempt is Member {
  return attempt.member !== undefined
}

/** The members of the latest attempt, by rank; none where that is on one host. */
export function membersOf(job: JobRecord): readonly Member[] {
  const number = job.attempts.at(-1)?.number
  return job.attempts.filter((one): one is Member => one.number === number && isMember(one))
}

/** The latest attempt's one record, or all of its members'. */
export function latestOf(job: Pick<JobRecord, "attempts">): readonly AttemptRecord[] {
  const number = job.attempts.at(-1)?.number
  return job.attempts.filter((one) => one.number === number)
}

/** The latest attempt's one record, or its main member's: whom a terminal, a tunnel or a question about the job means. */
export function mainOf(job: JobRecord): AttemptRecord | undefined {
  return latestOf(job)[0]
}

/** The latest attempt's one record; of several members the one that decides how it ended, else the main one's. */
export function decidingOf(job: JobRecord): AttemptRecord | undefined {
  return decidingMember(membersOf(job)) ?? mainOf(job)
}

/** How many attempts the job has had. */
export function attemptCount(job: JobRecord): number {
  return job.attempts.at(-1)?.number ?? 0
}

/** Within a change. */
export function setMember(core: Core, attempt: Member, change: Partial<MemberRecord>): void {
  attempt.member = { ...attempt.member, ...change }
  core.ledger.attemptChanged(attempt)
}
