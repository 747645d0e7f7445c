import { formatDuration } from "../../base/duration.ts"
import type { JobId } from "../../protocol/ids.ts"
import type { JobNames } from "../job-names.ts"
import { AtHome } from "./at-home.ts"
import { goesByItself } from "./let-be.ts"
import type { Line } from "./line.ts"
import type { Occupancy } from "./occupancy.ts"
import { isSparedAtHome, isSparedForOnce, preemptTerms } from "./preempt-terms.ts"
import type { QueueHost, QueueScene, RunningAttempt } from "./queue-scene.ts"
import type { Standings } from "./standings.ts"
import { couldStay, hasRoomWithout } from "./stays-explained.ts"

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
  nameOf: JobNames,
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
  const free = new Set<number>()
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
      else if (terms !== null) free.add(attempt.job)
    }
  }
  /** How many of them, the first to be old enough, have to go; 0: it would have no room without all of them. */
  const enoughOf = (all: readonly Young[]) =>
    1 +
    all.findIndex((_, at) => {
      const gone = new Set([...free, ...all.slice(0, at + 1).map(({ job }) => job)])
      return hasRoomWithout(occupancy, line, host, order, gone)
    })
  young.sort((a, b) => a.forMs - b.forMs || a.job - b.job)
  const said = [
    ...(own.length === 0
      ? []
      : [`${jobs(own, nameOf)} ${is(own)} not preempted by guests, with the Mac's owner as sender`]),
    ...(once.length === 0 ? [] : [`${jobs(once, nameOf)} may run only once and ${is(once)} not preempted`]),
    ...(young.length === 0 ? [] : [youngText(young, enoughOf(young), nameOf)]),
    ...(ending.length === 0 ? [] : [`${jobs(ending, nameOf)} ${is(ending)} to end as soon without being preempted`]),
  ]
  return said.map((text) => `; ${text}`).join("")
}

/** Which of those on a host are on their way out for the job. Empty where there are none. */
export function leavingText({ running }: QueueScene, job: JobId, { id }: QueueHost, nameOf: JobNames): string {
  const leaving = running.filter((one) => one.leavesMs !== null && one.leavesFor === job && one.hosts.includes(id))
  if (leaving.length === 0) return ""
  const all = leaving.map((one) => one.job)
  return `; ${jobs(all, nameOf)} ${all.length === 1 ? "makes" : "make"} room for it`
}

interface Young {
  readonly job: number
  /** Until it has run for its minimum. */
  readonly forMs: number
}

/** @param young in the order in which they are old enough @param enough so many of them are preempted; 0: that is not known */
function youngText(young: readonly Young[], enough: number, nameOf: JobNames): string {
  const all = young.map(({ job }) => job)
  const which = enough < 2 ? "the first" : enough === all.length ? "the last" : "enough of them"
  const when = all.length === 1 ? "its minimum run time is over" : `their minimum run times are over, ${which}`
  const { forMs } = young[Math.max(0, enough - 1)]!
  return `${jobs(all, nameOf)} ${is(all)} not preempted before ${when}${all.length === 1 ? "," : ""} in ${formatDuration(forMs)}`
}

function jobs(all: readonly number[], nameOf: JobNames): string {
  const names = [...all].sort((a, b) => a - b).map(nameOf)
  return `${all.length === 1 ? "job" : "jobs"} ${names.join(", ")}`
}

function is({ length }: readonly number[]): string {
  return length === 1 ? "is" : "are"
}
