import type { JobId } from "../../protocol/ids.ts"
import type { Grid } from "../calendar/grid.ts"
import type { RunningAttempt } from "./queue-scene.ts"
import type { Candidate } from "./victim-order.ts"

/** Whether one that may be preempted is let be if it would have to end for that. */
export function isLetBe({ attempt, graceMs, mustStay, isLeaving }: Candidate, grid: Grid): boolean {
  return mustStay || (!isLeaving && goesByItself(attempt, graceMs, grid))
}

/** Whether it would be suspended, if there is room for what it keeps. Who is past its limit is being ended, and not stopped in that. */
export function mayStay({ attempt, mode }: Candidate, grid: Grid): boolean {
  return mode === "suspend" && !goesByItself(attempt, 0, grid)
}

/** Whether to wait for its end, on the planner's grid as all ends, takes no longer than the time it would get to end in: then it is not asked to go. */
export function goesByItself({ startedMs, limitMs, stoppedFor }: RunningAttempt, graceMs: number, grid: Grid): boolean {
  // Of who is stopped the time does not run.
  if (limitMs === null || (stoppedFor ?? null) !== null) return false
  const endMs = startedMs + limitMs
  return endMs <= grid.nowMs || grid.msOf(grid.stepAfter(endMs)) <= grid.nowMs + graceMs
}

/** For whom it is on its way out; `null`: for nobody, or it is not. */
export function awaitedFor({ leavesMs, leavesFor }: RunningAttempt): JobId | null {
  return leavesMs === null ? null : (leavesFor ?? null)
}
