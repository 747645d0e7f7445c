import type { Amounts } from "../limits/limits.ts"

/** What counts against limits in one place: of all that is below a layer, or of one user or account there. */
export interface Count {
  runningJobs: number
  submittedJobs: number
  resources: Record<string, number>
}

/** The same of all that is below a layer, where time counts, too. */
export interface GroupCount extends Count {
  minutes: Amounts
  runningMinutes: Record<string, number>
  wallMinutes: number
}

/** One more job runs. @param minutes that are left to it */
export function countJob(count: Count | GroupCount, resources: Amounts, minutes: number): void {
  count.runningJobs++
  count.submittedJobs++
  for (const name in resources) count.resources[name] = (count.resources[name] ?? 0) + resources[name]!
  if (!("runningMinutes" in count)) return
  const { runningMinutes } = count
  for (const name in resources)
    if (resources[name] !== 0) runningMinutes[name] = (runningMinutes[name] ?? 0) + resources[name]! * minutes
}

/** What {@link countJob} did, taken back. */
export function uncountJob(count: Count | GroupCount, resources: Amounts, minutes: number): void {
  count.runningJobs--
  count.submittedJobs--
  for (const name in resources) count.resources[name] = count.resources[name]! - resources[name]!
  // Where somebody without a time limit has a time, nothing limits what may still be used.
  if (!("runningMinutes" in count) || minutes === Number.POSITIVE_INFINITY) return
  const { runningMinutes } = count
  for (const name in resources) if (resources[name] !== 0) runningMinutes[name]! -= resources[name]! * minutes
}

/** As it is now; what is counted in one does not count in the other. */
export function copyOf<C extends Count | GroupCount>(count: C): C {
  const copy = { ...count, resources: { ...count.resources } }
  return "runningMinutes" in count ? { ...copy, runningMinutes: { ...count.runningMinutes } } : copy
}
