import type { AttemptRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"

/** What is known of an attempt's doing, from one look of its agent to the next. */
interface Activity {
  printedBytes: number
  cpuMs: number
  processes: number
  /** When it was last seen to do something, and last looked at; both by this server's clock. */
  activeAt: number
  lookedAt: number
}

/** Less of one core than this is waiting: a program that only waits still wakes up now and then. */
const IDLE_CORE = 0.01

/** Not stored: after a restart of the server the count begins anew, and somebody is told later, never wrongly. */
const activities = new WeakMap<AttemptRecord, Activity>()

/** What an agent's look found. Without CPU time nothing can be said. */
export function noteActivity(
  core: Core,
  attempt: AttemptRecord,
  { cpuMs, processes }: { readonly cpuMs?: number; readonly processes: number },
): void {
  if (cpuMs === undefined) return
  const now = core.clock.now()
  const log = core.logs.liveIfOpen(attempt.job, attempt.number, attempt.member?.rank)
  const printedBytes = log === undefined ? 0 : log.received("stdout") + log.received("stderr")
  const before = activities.get(attempt)
  const isIdle =
    before !== undefined &&
    printedBytes === before.printedBytes &&
    processes === before.processes &&
    // Less than before: a process that had some has ended.
    cpuMs >= before.cpuMs &&
    cpuMs - before.cpuMs < IDLE_CORE * Math.max(1, now - before.lookedAt)
  activities.set(attempt, { printedBytes, cpuMs, processes, activeAt: isIdle ? before.activeAt : now, lookedAt: now })
}

/** All of it was stopped, which is no standing still: the count begins anew. */
export function forgetActivity(attempt: AttemptRecord): void {
  activities.delete(attempt)
}

/** For how long it has neither printed nor used the CPU, as far as it was looked at, in milliseconds. */
export function idleMs(attempt: AttemptRecord): number {
  const activity = activities.get(attempt)
  return activity === undefined ? 0 : activity.lookedAt - activity.activeAt
}
