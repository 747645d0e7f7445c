import type { AttemptView, JobView } from "./job.ts"
import { isForOwner } from "./job-state.ts"

type Tried = Pick<JobView, "attempts">

/** How many attempts a job has had. One on several hosts is one. */
export function attemptCount({ attempts }: Tried): number {
  return attempts.at(-1)?.number ?? 0
}

/** The members of an attempt by rank; one that is on one host stands alone. Without a number of the latest. */
export function membersOf(job: Tried, number = job.attempts.at(-1)?.number): readonly AttemptView[] {
  return job.attempts.filter((one) => one.number === number)
}

/** The member that tells most of how an attempt ended: who left for its host's owner, else who did not end well by itself, else the main one. */
export function tellingMember(job: Tried, number: number): AttemptView | undefined {
  const members = membersOf(job, number)
  const failed = members.filter(
    ({ cause, exitCode }) => cause !== "member_ended" && !(cause === "exited" && exitCode === 0),
  )
  return members.find(({ cause }) => isForOwner(cause)) ?? failed[0] ?? members[0]
}

/** "mac-1", or "mac-1 +3" where an attempt is on four hosts; `undefined` where there is none. */
export function hostsText(job: Tried, number?: number): string | undefined {
  const [main, ...others] = membersOf(job, number)
  if (main === undefined) return undefined
  return others.length === 0 ? main.hostName : `${main.hostName} +${others.length}`
}
