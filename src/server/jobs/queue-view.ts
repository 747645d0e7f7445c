import type { QueueJob, QueueView } from "../../protocol/queue.ts"
import { DEFAULT_MEMORY_BYTES } from "../../protocol/resources.ts"
import type { AttemptRecord, JobRecord } from "../../store/job-record.ts"
import { queuedAs } from "../arrays/array-view.ts"
import type { Core } from "../core.ts"
import { usageOf } from "./attempt-usage.ts"
import { mayRule, type Viewer } from "./job-view.ts"

/** What runs and what waits, as this person may see it: from memory alone, whatever the length of the queue. */
export function queueView(core: Core, viewer: Viewer, limit: number): QueueView {
  const running = core.fleet.all().flatMap(({ record }) =>
    core.table
      .onHost(record.id)
      .filter(({ attempt }) => attempt.state !== "ended")
      .map(({ job, attempt }) => queueJob(job, attempt, viewer)),
  )
  const next: QueueJob[] = []
  for (const { id } of core.table.waiting()) {
    if (next.length >= limit) break
    const job = core.table.live(id)
    if (job !== undefined) next.push(queueJob(job, null, viewer))
  }
  return { running, waiting: core.table.waitingCount, next }
}

function queueJob(job: JobRecord, attempt: AttemptRecord | null, viewer: Viewer): QueueJob {
  const { command, name, resources } = job.spec
  return {
    id: job.id,
    user: job.user,
    name,
    ...queuedAs(job),
    command: mayRule(viewer, job) ? command : command.slice(0, 1),
    state: job.state,
    reason: job.reason,
    submittedAt: job.submittedAt,
    startedAt: attempt?.startedAt ?? null,
    memoryBytes: attempt?.lease.memoryBytes ?? resources.memoryBytes ?? DEFAULT_MEMORY_BYTES,
    hostId: attempt?.hostId ?? null,
    outOfContactSince: attempt?.outOfContactSince ?? null,
    usage: (attempt === null ? undefined : usageOf(attempt).usage) ?? null,
  }
}
