import type { Core } from "../core.ts"
import type { Tried } from "../jobs/job-table.ts"
import { KEEP_STEP_ASIDES_MS } from "../limits.ts"

const DAY_MS = 86_400_000

/**
 * The moment that names an aside of an attempt: what its host says of when it began, told twice the same. `null` where that cannot be (its clock
 * is far off), and where it is so long ago that it may have been counted and forgotten.
 */
export function asideKey(core: Core, { attempt }: Tried, at: number | undefined): number | null {
  const now = core.clock.now()
  if (at === undefined || at > now + DAY_MS || at < attempt.placedAt - DAY_MS) return null
  return at < now - KEEP_STEP_ASIDES_MS + DAY_MS ? null : at
}
