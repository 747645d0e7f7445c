import type { LentFacts } from "./owner-folder.ts"
import type { SuspendedSpan } from "./ran-time.ts"

/** Jobs that step aside together do so once. */
const TOGETHER_MS = 2_000

/** An attempt that ran on a Mac, by any one clock. */
export interface LentAttempt {
  readonly user: string
  readonly job: number
  readonly startedMs: number
  /** `null`: it runs still. */
  readonly endedMs: number | null
  readonly stopped: readonly SuspendedSpan[]
}

export interface LentSpan {
  readonly fromMs: number
  readonly toMs: number
  readonly timeZone: string
}

/** What a Mac was lent in a span of time, from what ran there and how it stepped aside. */
export function lentFacts(span: LentSpan, attempts: readonly LentAttempt[], stops: LentFacts["stops"]): LentFacts {
  const users = new Map<string, { ranMs: number; jobs: Set<number> }>()
  const all: Stretch[] = []
  for (const attempt of attempts) {
    const ran = stretchesOf(attempt, span)
    if (ran.length === 0) continue
    const user = users.get(attempt.user) ?? { ranMs: 0, jobs: new Set() }
    users.set(attempt.user, user)
    user.ranMs += lengthOf(ran)
    user.jobs.add(attempt.job)
    all.push(...ran)
  }
  return {
    ...span,
    users: [...users].map(([user, { ranMs, jobs }]) => ({ user, ranMs, jobs: jobs.size })),
    stops: together(stops.filter(({ atMs }) => atMs >= span.fromMs && atMs < span.toMs)),
    lentMs: lengthOf(all),
  }
}

type Stretch = readonly [fromMs: number, toMs: number]

/** When it really ran, within the span. */
function stretchesOf({ startedMs, endedMs, stopped }: LentAttempt, { fromMs, toMs }: LentSpan): Stretch[] {
  const end = Math.min(endedMs ?? toMs, toMs)
  let at = Math.max(startedMs, fromMs)
  const found: Stretch[] = []
  for (const stop of stopped.toSorted((a, b) => a.fromMs - b.fromMs)) {
    if (stop.fromMs > at) found.push([at, Math.min(stop.fromMs, end)])
    at = Math.max(at, stop.toMs ?? end)
  }
  found.push([at, end])
  return found.filter(([from, to]) => to > from)
}

/** What overlaps counts once. */
function lengthOf(stretches: readonly Stretch[]): number {
  let countedUpTo = Number.NEGATIVE_INFINITY
  let totalMs = 0
  for (const [from, to] of stretches.toSorted(([a], [b]) => a - b)) {
    totalMs += Math.max(0, to - Math.max(from, countedUpTo))
    countedUpTo = Math.max(countedUpTo, to)
  }
  return totalMs
}

function together(stops: LentFacts["stops"]): LentFacts["stops"] {
  const found: LentFacts["stops"][number][] = []
  for (const stop of stops.toSorted((a, b) => a.atMs - b.atMs)) {
    const last = found.at(-1)
    if (last === undefined || stop.atMs - last.atMs > TOGETHER_MS) found.push(stop)
    else {
      const both = [last.reactionMs, stop.reactionMs].filter((one) => one !== null)
      const reactionMs = both.length === 0 ? null : Math.max(...both)
      found[found.length - 1] = { ...last, reactionMs, vacated: last.vacated || stop.vacated }
    }
  }
  return found
}
