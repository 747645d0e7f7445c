import type { JobView } from "../../protocol/job.ts"
import { type ArrayView, queueNumber, type TaskFailure, waitingText } from "../../protocol/job-array.ts"
import { isFinal } from "../../protocol/job-state.ts"
import { jobTitle } from "./job-text.ts"
import { printable } from "./table.ts"

/** "12 of 100 tasks done, 8 run, 80 wait; 1 failed" */
export function progressText({ count, counts }: ArrayView): string {
  const { waiting, running, succeeded, failed, cancelled, timed_out } = counts
  const done = succeeded + failed + cancelled + timed_out
  const parts = [
    `${done} of ${count} task${count === 1 ? "" : "s"} done`,
    ...(running === 0 ? [] : [`${running} run${running === 1 ? "s" : ""}`]),
    ...(waiting === 0 ? [] : [`${waiting} wait${waiting === 1 ? "s" : ""}`]),
  ]
  const bad = [
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(timed_out === 0 ? [] : [`${timed_out} timed out`]),
    ...(cancelled === 0 ? [] : [`${cancelled} stopped`]),
  ]
  return [parts.join(", "), ...(bad.length === 0 ? [] : [bad.join(", ")])].join("; ")
}

/** Where an array stands, in one phrase. */
export function arrayStandingText({ state, place, reason }: JobView, array: ArrayView): string {
  const at = state === "queued" && place !== null ? `, place ${place}` : ""
  const why = reason === null || isFinal(state) ? "" : `: ${printable(reason)}`
  const word = isFinal(state) ? "" : `${state}${at}${why}; `
  return `${word}${progressText(array)}`
}

/** One sentence on what became of an array. */
export function arrayEndText(job: JobView, { count, counts }: ArrayView): string {
  const word = job.state.replace("_", " ")
  if (job.state === "succeeded") return `${jobTitle(job)} succeeded: all ${count} tasks did`
  const bad = [
    ...(counts.failed === 0 ? [] : [`${counts.failed} failed`]),
    ...(counts.timed_out === 0 ? [] : [`${counts.timed_out} timed out`]),
    ...(counts.cancelled === 0 ? [] : [`${counts.cancelled} stopped`]),
  ]
  const what = job.state === "cancelled" ? "was stopped" : word
  return `${jobTitle(job)} ${what}: ${counts.succeeded} of ${count} tasks succeeded, ${bad.join(", ")}`
}

/** "17_5 failed with exit code 1" */
export function failureText({ id }: Pick<JobView, "id">, failure: TaskFailure): string {
  const { index, state, cause, exitCode, signal } = failure
  const how =
    cause === "exited"
      ? `with exit code ${exitCode}`
      : cause === "signalled"
        ? `by signal ${signal}`
        : `(${cause.replaceAll("_", " ")})`
  return `${id}_${index} ${state.replace("_", " ")} ${how}`
}

/** "17_[4-100%8]", "17_5", "17": as a list of jobs names it. */
export function listedNumber(job: Pick<JobView, "id" | "array" | "task">): string {
  const { array } = job
  if (array === undefined) return queueNumber(job)
  // Where none may begin: those that are kept from it.
  const unbegun = array.waiting || [array.held, array.blocked].filter((text) => text !== "").join(",")
  return queueNumber({ id: job.id, waiting: unbegun === "" ? "" : waitingText(unbegun, array.atOnce) })
}

/** What `show` says of an array besides what it says of any job. */
export function arrayPairs({ id, array }: JobView): (readonly [string, string])[] {
  if (array === undefined) return []
  const { tasks, atOnce, waiting, held, blocked, failures } = array
  const sets = [
    ["not begun", waiting],
    ["held tasks", held],
    [
      "blocked",
      blocked === "" ? "" : `${blocked} (each until the task of its index that it comes after has succeeded)`,
    ],
  ] as const
  return [
    ["tasks", `${tasks}${atOnce === null ? "" : `, ${atOnce} at a time`}`],
    ["progress", progressText(array)],
    ...sets.filter(([, text]) => text !== ""),
    ...failures.map((failure, at) => [at === 0 ? "failures" : "", failureText({ id }, failure)] as const),
  ]
}
