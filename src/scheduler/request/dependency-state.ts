import { type AfterKind, type Dependency, type DependencyJob, type DependencyTerm, jobRefText } from "./dependency.ts"

/** What a dependency asks of a job, or of one task of an array. */
export interface Progress {
  /** When it began to run, or was cancelled before; `null`: it did not. */
  readonly startedMs: number | null
  /** `null` until it ended. */
  readonly outcome: "succeeded" | "failed" | null
}

/** A job that others depend on: one entry for each task of an array, by index; a job that is none has `null` for its index. */
export type Tasks = ReadonlyMap<number | null, Progress>

export interface DependencyView {
  /** `undefined`: there is no such job, or nothing is known of it any more. */
  readonly tasksOf: (job: number) => Tasks | undefined
  /** Other jobs of the same name and user that were sent before and have not ended. */
  readonly unfinishedNamesakes: readonly number[]
  /** Of the job that waits; `null` when it is no task of an array. */
  readonly taskIndex: number | null
}

export type DependencyState =
  /** May start. */
  | { readonly state: "met" }
  /** `dueMs`: when time alone may change it. */
  | { readonly state: "waiting"; readonly on: readonly string[]; readonly dueMs: number | null }
  /** Cannot be met any more; Slurm's DependencyNeverSatisfied. */
  | { readonly state: "never"; readonly because: readonly string[] }

interface Verdict {
  readonly state: DependencyState["state"]
  /** The job, the task or the word that it hangs on. */
  readonly on: string
  readonly dueMs?: number
}

const MINUTE_MS = 60_000

/**
 * Whether a job may start as far as its dependency goes. Slurm's documented meanings: `afterok` wants all tasks of an array to succeed,
 * `afternotok` at least one to fail, `afterany` all to end, `after` all to start, `aftercorr` the task of the same index to succeed.
 * With "any" it is lost only when all is lost. An unknown job is one that was forgotten long after its end or never was: for `after` and `afterany`
 * it is over; whether it succeeded nobody knows, so for the others it is never.
 */
export function dependencyState({ needs, terms }: Dependency, view: DependencyView, nowMs: number): DependencyState {
  const verdicts = terms.flatMap((term) => verdictsOf(term, view, nowMs))
  const of = (state: DependencyState["state"]) => verdicts.filter((verdict) => verdict.state === state)
  const [met, lost, waiting] = [of("met"), of("never"), of("waiting")]
  const names = (some: readonly Verdict[]) => [...new Set(some.map(({ on }) => on))]
  const isMet = needs === "all" ? met.length === verdicts.length : met.length > 0 || verdicts.length === 0
  if (isMet) return { state: "met" }
  const isLost = needs === "all" ? lost.length > 0 : lost.length === verdicts.length
  if (isLost) return { state: "never", because: names(lost) }
  const dues = waiting.flatMap(({ dueMs }) => dueMs ?? [])
  // The first: it is never later than when the state can change, and then is asked for again.
  return { state: "waiting", on: names(waiting), dueMs: dues.length === 0 ? null : Math.min(...dues) }
}

function verdictsOf(term: DependencyTerm, view: DependencyView, nowMs: number): Verdict[] {
  if (term.kind !== "singleton") return term.jobs.map((job) => judgeJob(term.kind, job, view, nowMs))
  if (view.unfinishedNamesakes.length === 0) return [{ state: "met", on: "singleton" }]
  return view.unfinishedNamesakes.map((job) => ({ state: "waiting", on: `${job}` }))
}

function judgeJob(kind: AfterKind, ref: DependencyJob, view: DependencyView, nowMs: number): Verdict {
  const task = kind === "aftercorr" ? view.taskIndex : ref.task
  const on = jobRefText({ job: ref.job, task })
  const tasks = view.tasksOf(ref.job)
  const asked =
    tasks === undefined
      ? []
      : task === null
        ? [...tasks.values()]
        : // Of what is no array all tasks wait for the same.
          [tasks.get(task) ?? (kind === "aftercorr" ? tasks.get(null) : undefined)].filter((one) => one !== undefined)
  if (asked.length === 0) return { state: kind === "after" || kind === "afterany" ? "met" : "never", on }
  const state = (isMet: boolean, isLost: boolean) => (isMet ? "met" : isLost ? "never" : "waiting")
  const hasEnded = asked.every(({ outcome }) => outcome !== null)
  const hasFailed = asked.some(({ outcome }) => outcome === "failed")
  switch (kind) {
    case "after":
      return started(asked, ref.delayMinutes * MINUTE_MS, on, nowMs)
    case "afterany":
      return { state: state(hasEnded, false), on }
    case "afterok":
    case "aftercorr":
      return { state: state(hasEnded && !hasFailed, hasFailed), on }
    case "afternotok":
      return { state: state(hasEnded && hasFailed, hasEnded), on }
  }
}

function started(asked: readonly Progress[], delayMs: number, on: string, nowMs: number): Verdict {
  // Whatever the first moment of the clock that it is told by.
  let lastMs = Number.NEGATIVE_INFINITY
  for (const { startedMs } of asked) {
    if (startedMs === null) return { state: "waiting", on }
    lastMs = Math.max(lastMs, startedMs)
  }
  return lastMs + delayMs <= nowMs ? { state: "met", on } : { state: "waiting", on, dueMs: lastMs + delayMs }
}
