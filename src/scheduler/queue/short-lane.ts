import type { Line } from "./line.ts"
import type { QueueScene, RunningAttempt } from "./queue-scene.ts"

/** What takes places in the lane of its user: a job that waits, all that waits of an array, or one that runs. */
interface Taker {
  readonly submittedMs: number
  readonly job: number
  /** None of what runs. */
  readonly lines: Line[]
  /** How many places it takes before those behind it. */
  weight: number
  /** How many have to be left so that it is in the lane itself; an array with its tasks that run. */
  asked: number
}

/**
 * Which lines are in the lane: of each user's short jobs those that are among the first so many, by submission and number. One that runs keeps its own place in that, so
 * that nobody's start puts another out who was sent before. An array takes as many places as tasks of it may run at once, and is in the lane with all of it or not at all.
 */
export function inShortLane({ policy, running }: QueueScene, lines: readonly Line[]): ReadonlySet<Line> {
  const { shortLane: lane } = policy
  const chosen = new Set<Line>()
  if (lane === null) return chosen
  const isShort = (limitMs: number | null, interactive: boolean) =>
    limitMs !== null && limitMs <= lane.longestMs && (interactive || !lane.interactiveOnly)
  const short = lines.filter(({ limitMs, spec }) => isShort(limitMs, spec.interactive))
  const most = lane.runningPerUser
  if (most === null) return new Set(short)
  const runs = running.filter(({ limitMs, interactive }) => isShort(limitMs, interactive === true))
  for (const takers of byUser(short, runs).values()) {
    let before = 0
    for (const { lines: own, weight, asked } of takers.sort(inTurn)) {
      if (before + asked <= most) for (const line of own) chosen.add(line)
      before += weight
      if (before >= most) break
    }
  }
  return chosen
}

function byUser(lines: readonly Line[], running: readonly RunningAttempt[]): ReadonlyMap<string, Taker[]> {
  const users = new Map<string, Taker[]>()
  const add = (user: string, taker: Taker) => {
    const known = users.get(user)
    if (known === undefined) users.set(user, [taker])
    else known.push(taker)
  }
  const waiting = new Map<number, Taker>()
  const alone = new Set<number>()
  /** Parts of arrays, which may stand in several partitions. */
  const counted = new Map<Taker, Map<number, Line["spec"]>>()
  for (const line of lines) {
    const { spec } = line
    const job = spec.array?.of ?? spec.id
    if (spec.array === null) alone.add(spec.id)
    let taker = waiting.get(job)
    if (taker === undefined) {
      taker = { submittedMs: spec.submittedMs, job, lines: [], weight: 1, asked: 1 }
      waiting.set(job, taker)
      add(spec.user, taker)
      if (spec.array !== null) counted.set(taker, new Map())
    }
    taker.lines.push(line)
    counted.get(taker)?.set(spec.id, spec)
  }
  for (const [taker, parts] of counted) {
    const arrays = [...parts.values()].flatMap(({ array }) => array ?? [])
    const count = arrays.reduce((sum, { tasks }) => sum + tasks.count, 0)
    const atOnce = arrays[0]!.tasks.atOnce ?? Number.POSITIVE_INFINITY
    const { running: runs } = arrays[0]!
    taker.weight = Math.max(0, Math.min(count, atOnce - runs))
    taker.asked = Math.min(count + runs, atOnce)
  }
  const seen = new Set<string>()
  for (const { job, task, user, submittedMs } of running) {
    const key = `${job} ${task}`
    // Of several hosts' parts one counts, and none of an earlier attempt that is on its way out.
    if (seen.has(key) || alone.has(job)) continue
    seen.add(key)
    const array = waiting.get(job)
    if (array !== undefined) array.weight++
    else add(user, { submittedMs, job, lines: [], weight: 1, asked: 1 })
  }
  return users
}

/** Tasks of an array that run as jobs of their own have numbers past the array's. */
function inTurn(a: Taker, b: Taker): number {
  return a.submittedMs - b.submittedMs || a.job - b.job
}
