import { IndexSet } from "../../base/index-set.ts"
import { type ArrayView, type TaskOf, waitingText } from "../../protocol/job-array.ts"
import { isFinal, type JobState } from "../../protocol/job-state.ts"
import type { ArrayRecord } from "../../store/array-record.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { ArrayBook } from "./array-book.ts"

/** How an array stands; `undefined` of what is none. */
export function arrayView(book: ArrayBook, { id, array }: JobRecord): ArrayView | undefined {
  if (array === undefined) return undefined
  const { all, waiting, held, blocked, counts, atOnce, failures } = array
  const ended = counts.succeeded + counts.failed + counts.cancelled + counts.timed_out
  // A task whose command has ended runs until its files are here.
  const unplaced = [...book.tasksOf(id)].filter(({ state }) => state === "queued" || state === "held").length
  const unbegun = waiting.size + held.user.size + held.admin.size + blocked.size
  const waits = unbegun + unplaced
  return {
    tasks: all.toString(),
    count: all.size,
    first: all.at(0) ?? 0,
    last: all.at(all.size - 1) ?? 0,
    step: stepOf(all),
    atOnce,
    waiting: waiting.toString(),
    held: [held.user, held.admin]
      .filter(({ size }) => size > 0)
      .map(String)
      .join(","),
    blocked: blocked.toString(),
    counts: { waiting: waits, running: all.size - ended - waits, ...counts },
    failures,
  }
}

/** How a job stands in lists of the queue as an array, or as a task of one. */
export function queuedAs({ array, task }: JobRecord): { readonly waiting?: string; readonly task?: TaskOf } {
  if (task !== undefined) return { task }
  return array === undefined ? {} : { waiting: waitingText(unbegunOf(array).toString(), array.atOnce) }
}

/** Its tasks that have not begun and may; where none may, those that are held or blocked. */
function unbegunOf({ waiting, held, blocked }: ArrayRecord): IndexSet {
  if (waiting.size > 0) return waiting
  const kept = new IndexSet()
  for (const set of [held.user, held.admin, blocked]) kept.addAll(set)
  return kept
}

/** An array runs as soon as one of its tasks does, though others wait. */
export function shownState(book: ArrayBook, { id, array, state }: JobRecord): JobState {
  if (array === undefined || isFinal(state)) return state
  let isQueued = state === "queued"
  for (const task of book.tasksOf(id)) {
    if (task.state === "queued") isQueued = true
    else if (task.state !== "held" && !isFinal(task.state)) return "running"
  }
  return isQueued ? "queued" : state
}

/** How far one index is from the next; `null` where that differs. Of one alone 1. */
export function stepOf({ runs, size }: IndexSet): number | null {
  const [one, two] = runs
  if (one === undefined || two === undefined) return 1
  if (runs.length !== size) return null
  const step = two.first - one.first
  return runs.every(({ first }, at) => first === one.first + at * step) ? step : null
}
