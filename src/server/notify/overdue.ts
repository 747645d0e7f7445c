import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { attemptCount, latestOf } from "../gang/members.ts"
import { idleMs } from "./activity.ts"
import { factsOf, queueMessage, type Told, toldOf } from "./note.ts"

/** No moment that somebody waits for: ten seconds late is on time. */
const LOOK_MS = 10_000

/** Looks again and again for jobs that wait for long, or seem to stand still, until the server stops. */
export async function watchOverdue(core: Core): Promise<void> {
  for (;;) {
    await core.clock.sleep(LOOK_MS, { signal: core.signal })
    if (core.notify.isEmpty) continue
    const due = [...overdue(core)]
    if (due.length === 0) continue
    try {
      await core.ledger.change(() => {
        for (const one of due) tell(core, one)
      })
    } catch (error) {
      core.report("Cannot note that a job is overdue; looking again", error)
    }
  }
}

interface Overdue {
  readonly job: JobRecord
  readonly told: Told
  readonly reason: "stalled" | "waiting"
  readonly forMs: number
}

function* overdue(core: Core): Generator<Overdue> {
  for (const job of core.table.all()) {
    if (job.task !== undefined || (job.array !== undefined && job.startedAt !== null)) continue
    const reason = job.state === "queued" ? "waiting" : job.state === "running" ? "stalled" : null
    if (reason === null) continue
    const forMs = reason === "waiting" ? waitedMs(core, job) : stoodMs(job)
    for (const told of toldOf(core, job)) {
      const limitMs = reason === "waiting" ? told.on.waitingMs : told.on.stalledMs
      if (forMs < limitMs || !told.on.reasons.includes(reason)) continue
      const one = { job, told, reason, forMs } as const
      if (!core.notify.wasTold(job.id, keyOf(one))) yield one
    }
  }
}

/** The job may have changed, or have been told of, since it was looked at. Within a change. */
function tell(core: Core, one: Overdue): void {
  const { job, told, reason, forMs } = one
  const isStill = core.table.live(job.id) === job && job.state === (reason === "waiting" ? "queued" : "running")
  if (!isStill || core.notify.get(told.target.id) !== told.target || core.notify.wasTold(job.id, keyOf(one))) return
  core.notify.tell(job.id, keyOf(one))
  queueMessage(core, told.target, factsOf(core, job, reason, forMs))
}

/** Each target is told once of each attempt that stands still, and once of each wait. */
function keyOf({ job, told, reason }: Overdue): string {
  return `${reason} ${attemptCount(job)} ${told.target.id}`
}

function waitedMs(core: Core, job: JobRecord): number {
  return core.clock.now() - (job.attempts.at(-1)?.endedAt ?? job.submittedAt)
}

function stoodMs(job: JobRecord): number {
  const idle = latestOf(job).map((attempt) => idleMs(attempt))
  // As long as one member does something the job does.
  return idle.length === 0 ? 0 : Math.min(...idle)
}
