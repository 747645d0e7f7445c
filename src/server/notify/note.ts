import { type MessageId, makeId } from "../../protocol/ids.ts"
import { isFinal, isPlaced, type JobState } from "../../protocol/job-state.ts"
import type { NotifyOn, NotifyReason } from "../../protocol/notify.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { MessageFacts, NotifyFacts, TargetRecord } from "../../store/notify-record.ts"
import type { Core } from "../core.ts"
import { latestOf, mainOf } from "../gang/members.ts"

/** A target, and of what it is to be told about one job. */
export interface Told {
  readonly target: TargetRecord
  readonly on: NotifyOn
}

/** Whom to tell of a job: those it names, or its sender's defaults, but for a session, whose sender sits before it, and a hive, which others keep. */
export function toldOf(core: Core, { user, spec, task }: JobRecord): Told[] {
  // Whoever sent an array is told of that, once.
  if (core.notify.isEmpty || task !== undefined) return []
  const { notify } = spec
  if (notify === null && spec.kind !== "task") return []
  const targets =
    notify === null || notify.targets === null
      ? core.notify.of(user).filter(({ isDefault }) => isDefault)
      : // Also where somebody wrote into the database: a job tells nobody but its sender's targets.
        notify.targets.map((id) => core.notify.get(id)).filter((target) => target?.user === user)
  return targets.flatMap((target) => (target === undefined ? [] : [{ target, on: notify?.on ?? target.on }]))
}

/** A job has changed its state: whoever is to be told of it is, in the same transaction. Within a change. */
export function noteTransition(core: Core, job: JobRecord, from: JobState, actor: string | undefined): void {
  const reason = reasonOf(job, from, actor)
  if (reason !== null) {
    for (const { target, on } of toldOf(core, job)) {
      if (on.reasons.includes(reason)) queueMessage(core, target, factsOf(core, job, reason, ranMs(job)))
    }
  }
  if (isFinal(job.state)) core.notify.forgetTold(job.id)
}

/** Within a change. */
export function queueMessage(core: Core, target: TargetRecord, facts: MessageFacts): void {
  const id = makeId<MessageId>("m", core.randomBytes(16))
  if (core.notify.queue(id, target, facts)) core.ledger.afterCommit(() => core.wakeCourier())
}

/** What happened, as it is now. @param forMs how long it ran, was idle or waited */
export function factsOf(core: Core, job: JobRecord, reason: NotifyReason, forMs: number | null): NotifyFacts {
  const attempt = mainOf(job)
  return {
    reason,
    at: core.clock.now(),
    job: job.id,
    name: job.spec.name,
    user: job.user,
    state: job.state,
    cause: job.cause,
    exitCode: job.verdict?.exitCode ?? null,
    signal: job.verdict?.signal ?? null,
    words: job.reason ?? (job.state === "cancelled" && job.stop !== null ? `stopped by ${job.stop.by}` : null),
    attempt: attempt?.number ?? null,
    host: attempt?.hostName ?? null,
    forMs,
  }
}

function reasonOf(job: JobRecord, from: JobState, actor: string | undefined): NotifyReason | null {
  if (job.state === "succeeded") return "done"
  // Who stops a job knows it.
  if (job.state === "cancelled") return (actor ?? job.stop?.by ?? job.user) === job.user ? null : "failed"
  if (isFinal(job.state)) return "failed"
  // What never ran has lost nothing and only starts elsewhere.
  const hadRun = latestOf(job).some(({ startedAt }) => startedAt !== null)
  return job.state === "queued" && isPlaced(from) && hadRun ? "vacated" : null
}

/** What it was stopped for somebody's sake is not in it. */
function ranMs(job: JobRecord): number | null {
  const attempt = mainOf(job)
  return attempt?.startedAt == null || attempt.endedAt === null
    ? null
    : Math.max(0, attempt.endedAt - attempt.startedAt - attempt.suspendedMs)
}
