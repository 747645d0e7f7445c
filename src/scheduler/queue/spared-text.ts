import { formatDuration } from "../../base/duration.ts"
import type { JobId } from "../../protocol/ids.ts"
import { AtHome } from "./at-home.ts"
import { goesByItself } from "./let-be.ts"
import type { Line } from "./line.ts"
import type { Occupancy } from "./occupancy.ts"
import { isSparedAtHome, isSparedForOnce, preemptTerms } from "./preempt-terms.ts"
import type { QueueHost, QueueScene, RunningAttempt } from "./queue-scene.ts"
import type { Standings } from "./standings.ts"
import { couldStay } from "./stays-explained.ts"

/**
 * Which of those on a host the line would preempt, but may not: they are on their sender's own Mac, may run only once, have not run long enough, or
 * end as soon by themselves. Empty where there are none.
 * @param order of the line's turn
 */
export function sparedText(
  occupancy: Occupancy,
  standings: Standings,
  line: Line,
  host: QueueHost,
  order: number,
): string {
  const { grid, scene } = occupancy
  const { policy, running } = scene
  const { nowMs } = grid
  const atHome = new AtHome(scene)
  const whereOf = (one: RunningAttempt) => ({ owner: host.owner, isAtHome: atHome.has(one) })
  const own: number[] = []
  const once: number[] = []
  const young: Young[] = []
  const standingOf = (one: RunningAttempt) => standings.of(one.account, one.user, one.partition, one.qos)
  const goes = (one: RunningAttempt) => {
    if (one.leavesMs !== null) return false
    const terms = preemptTerms(policy, line, one, standingOf(one), whereOf(one))
    return terms !== null && terms.mode !== "suspend" && nowMs - one.startedMs >= terms.minimumRunMs
  }
  const ending: number[] = []
  for (const attempt of running) {
    if (!attempt.hosts.includes(host.id) || attempt.leavesMs !== null) continue
    const standing = standingOf(attempt)
    const where = whereOf(attempt)
    const stays = () => couldStay(occupancy, line, host, order, attempt, goes)
    if (isSparedAtHome(policy, line, attempt, standing, where)) own.push(attempt.job)
    else if (isSparedForOnce(policy, line, attempt, standing, where, stays)) once.push(attempt.job)
    else {
      const terms = preemptTerms(policy, line, attempt, standing, where)
      if (terms !== null && nowMs - attempt.startedMs < terms.minimumRunMs)
        young.push({ job: attempt.job, forMs: terms.minimumRunMs - (nowMs - attempt.startedMs) })
      else if (terms !== null && goesByItself(attempt, terms.mode === "suspend" ? 0 : terms.graceMs, grid))
        ending.push(attempt.job)
    }
  }
  const said = [
    ...(own.length === 0 ? [] : [`${jobs(own)} ${is(own)} not preempted by guests, with the Mac's owner as sender`]),
    ...(once.length === 0 ? [] : [`${jobs(once)} may run only once and ${is(once)} not preempted`]),
    ...(young.length === 0 ? [] : [youngText(young)]),
    ...(ending.length === 0 ? [] : [`${jobs(ending)} ${is(ending)} to end as soon without being preempted`]),
  ]
  return said.map((text) => `; ${text}`).join("")
}

/** Which of those on a host are on their way out for the job. Empty where there are none. */
export function leavingText({ running }: QueueScene, job: JobId, { id }: QueueHost): string {
  const leaving = running.filter((one) => one.leavesMs !== null && one.leavesFor === job && one.hosts.includes(id))
  if (leaving.length === 0) return ""
  const all = leaving.map((one) => one.job)
  return `; ${jobs(all)} ${all.length === 1 ? "makes" : "make"} room for it`
}

interface Young {
  readonly job: number
  /** Until it has run for its minimum. */
  readonly forMs: number
}

function youngText(young: readonly Young[]): string {
  const all = young.map(({ job }) => job)
  const firstMs = Math.min(...young.map(({ forMs }) => forMs))
  const when = all.length === 1 ? "its minimum run time is over, in" : "their minimum run times are over, the first in"
  return `${jobs(all)} ${is(all)} not preempted before ${when} ${formatDuration(firstMs)}`
}

function jobs(all: readonly number[]): string {
  return `${all.length === 1 ? "job" : "jobs"} ${[...all].sort((a, b) => a - b).join(", ")}`
}

function is({ length }: readonly number[]): string {
  return length === 1 ? "is" : "are"
}
