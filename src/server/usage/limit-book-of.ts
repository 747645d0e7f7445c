import { isFinal } from "../../protocol/job-state.ts"
import type { Policy } from "../../scheduler/policy/policy.ts"
import { LimitBook } from "../../scheduler/queue/limit-book.ts"
import type { RunningAttempt } from "../../scheduler/queue/queue-scene.ts"
import type { Standings } from "../../scheduler/queue/standings.ts"
import type { ArrayRecord } from "../../store/array-record.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import type { Tried } from "../jobs/job-table.ts"
import { effectiveLimitOf, partitionsOf, placedAs } from "../queue/who-of.ts"
import { poolUsageOf } from "./pool-usage.ts"

/** What counts against limits now: all that runs, all that waits, and what was used. Takes time with the number of jobs that have not ended. */
export function limitBookOf(core: Core, policy: Policy, standings: Standings): LimitBook {
  const scene = { policy, used: poolUsageOf(core, policy).minutes, running: runningOf(core, policy) }
  const book = new LimitBook(scene, standings, core.clock.now())
  for (const job of core.table.all()) {
    const isWaiting = job.state === "queued" || job.state === "held"
    const tasks = job.array === undefined ? null : tasksToBegin(job.array)
    if (tasks === null ? !isWaiting : tasks === 0) continue
    const [first = policy.defaultPartition] = partitionsOf(policy, job.spec)
    const as = placedAs(policy, job.user, job.spec)
    book.waits(standings.of(as.account, job.user, first, as.qos), tasks ?? 1)
  }
  return book
}

/** Of an array that runs some of its tasks may wait. */
function tasksToBegin({ waiting, held, blocked }: ArrayRecord): number {
  return waiting.size + held.user.size + held.admin.size + blocked.size
}

function runningOf(core: Core, policy: Policy): RunningAttempt[] {
  return core.fleet.all().flatMap(({ record }) =>
    core.table
      .onHost(record.id)
      .filter(({ job, attempt }) => !attempt.swept && !isFinal(job.state))
      .map((tried) => runningAttempt(policy, tried)),
  )
}

function runningAttempt(policy: Policy, { job, attempt }: Tried): RunningAttempt {
  const { account, partition, qos } = ranAs(policy, job)
  return {
    job: job.id,
    task: null,
    name: job.spec.name ?? "",
    user: job.user,
    account,
    partition,
    qos,
    hosts: [attempt.hostId],
    resources: attempt.lease,
    alone: false,
    pieces: {},
    hasSecrets: false,
    submittedMs: job.submittedAt,
    startedMs: (attempt.startedAt ?? attempt.placedAt) + attempt.suspendedMs,
    limitMs: effectiveLimitOf(policy, job, partition),
    leavesMs: null,
  }
}

function ranAs(policy: Policy, { user, spec, standing }: JobRecord) {
  const [partition = policy.defaultPartition] = partitionsOf(policy, spec)
  return standing?.ranAs ?? { ...placedAs(policy, user, spec), partition }
}
