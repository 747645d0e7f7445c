import type { AttemptView, JobView } from "../../protocol/job.ts"
import { isForOwner } from "../../protocol/job-state.ts"
import { verdictText } from "../render/job-text.ts"

/** What became of an attempt that was not the last, as the end of "attempt 1 on mac-3 ...". */
export function attemptEndText(job: JobView, ended: AttemptView | undefined): string {
  if (ended === undefined) return "ended"
  // Nothing has failed where a job makes room for a Mac's owner.
  if (isForOwner(ended.cause)) return (ended.message ?? "It stepped aside").replace(/^It /, "")
  return verdictText({ ...job, ...ended, reason: ended.message, state: "failed" })
}
