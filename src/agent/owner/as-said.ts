import { FOR_JOB } from "../../protocol/aside-wire.ts"
import type { OwnerReason } from "../../protocol/owner.ts"
import type { Attempt } from "../attempt.ts"
import type { Aside } from "./said-aside.ts"

/** Why an attempt is stopped for another job. */
export function reasonOf({ text }: Aside): OwnerReason {
  return { code: FOR_JOB, text }
}

/** Whether it is as the server said last: stopped for another job, or not stopped, but for people at the host. True where nothing was said. */
export function isAsSaid({ suspension }: Attempt): boolean {
  const { aside, stopped, ownerSinceMs } = suspension
  if (aside === null) return true
  return aside.for === null ? stopped === null || ownerSinceMs !== null : stopped !== null
}

/** Whether something is left to do about what the server said last, if only to answer it. */
export function isToBeSetAside(attempt: Attempt): boolean {
  const { aside } = attempt.suspension
  return aside !== null && (attempt.asideTold !== aside.turn || !isAsSaid(attempt))
}
