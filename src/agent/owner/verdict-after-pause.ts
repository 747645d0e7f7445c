import { isResumeFailure } from "../../presence/ran-time.ts"
import type { Attempt } from "../attempt.ts"
import type { SupervisorStatus } from "../supervisor-text.ts"

/**
 * How an attempt ended, with what its supervisor cannot know: that it did not survive being stopped. From files that do not change any
 * more, so every agent comes to the same. Whether its job was queued again for this before is the server's to know.
 */
export function verdictAfterPause({ order, suspension }: Attempt, status: SupervisorStatus): SupervisorStatus {
  const { cause, exitCode, endedAt } = status
  const hasFailed = cause === "signalled" || (cause === "exited" && exitCode !== 0)
  const usesGpu = (order?.lease.gpus ?? 0) > 0
  const { continuedAt: continuedMs } = suspension
  const isOne = isResumeFailure({ usesGpu, failed: hasFailed, endedMs: endedAt, continuedMs, hadItBefore: false })
  return isOne ? { ...status, cause: "resume_failed" } : status
}
