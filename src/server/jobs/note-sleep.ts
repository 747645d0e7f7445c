import { withSleep } from "../../protocol/sleep.ts"
import type { SleptNews } from "../../protocol/sleep-wire.ts"
import type { Core } from "../core.ts"
import type { Tried } from "./job-table.ts"

/** A host slept while it ran the attempt: that was the silence. Within a change. */
export function noteSleep(core: Core, { job, attempt }: Tried, { from, to }: SleptNews): void {
  const before = attempt.sleeps ?? []
  const sleeps = withSleep(before, { from, to })
  if (sleeps === before) return
  attempt.sleeps = sleeps
  core.ledger.attemptChanged(attempt)
  core.ledger.jobChanged(job)
  core.ledger.event({
    type: "host_slept",
    host: attempt.hostId,
    name: attempt.hostName,
    job: job.id,
    attempt: attempt.id,
    // What was told of before is not told again.
    from: Math.max(from, before.at(-1)?.to ?? 0),
    to,
  })
}
