import { DEFAULT_PARTITION, DEFAULT_SPEC } from "../../protocol/job.ts"
import { isFinal } from "../../protocol/job-state.ts"
import { NO_QUEUE_REQUEST } from "../../protocol/queue-request.ts"
import type { LimitsView, LimitView } from "../../protocol/usage-api.ts"
import type { LimitInForce } from "../../scheduler/limits/limits.ts"
import type { Policy } from "../../scheduler/policy/policy.ts"
import { LimitBook } from "../../scheduler/queue/limit-book.ts"
import type { RunningAttempt } from "../../scheduler/queue/queue-scene.ts"
import { Standings } from "../../scheduler/queue/standings.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import type { Tried } from "../jobs/job-table.ts"
import { currentPolicy } from "../policy/pool-policy.ts"
import { effectiveLimitOf, partitionsOf, placedAs } from "../queue/who-of.ts"
import { poolUsageOf } from "./pool-usage.ts"

export interface LimitsAsked {
  readonly account?: string | undefined
  readonly partition?: string | undefined
  readonly qos?: string | undefined
}

/** Which limits hold for a job of this user, and how much of each is used by what runs, waits and has run. */
export function limitsView(core: Core, user: string, asked: LimitsAsked): LimitsView {
  const policy = currentPolicy(core)
  const { account = null, qos: askedQos = null, partition = policy.defaultPartition } = asked
  const queue = { ...NO_QUEUE_REQUEST, account, qos: askedQos }
  const { account: of, qos } = placedAs(policy, user, {
    ...DEFAULT_SPEC,
    command: [],
    partition: DEFAULT_PARTITION,
    queue,
  })
  const standings = new Standings(policy)
  const standing = standings.of(of, user, partition, qos)
  const scene = { policy, used: poolUsageOf(core, policy).minutes, running: runningOf(core, policy) }
  const book = new LimitBook(scene, standings, core.clock.now())
  for (const job of core.table.all()) {
    if (job.state !== "queued" && job.state !== "held") continue
    const [first = policy.defaultPartition] = partitionsOf(policy, job.spec)
    const as = placedAs(policy, job.user, job.spec)
    book.waits(standings.of(as.account, job.user, first, as.qos))
  }
  const limits = book.inForce(standing).map(limitView)
  return { user, account: of, partition, qos, refusal: standing.refusal, limits }
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

function limitView({ layer, scope, limit, resource, most, ...rest }: LimitInForce): LimitView {
  return {
    layer: layer.kind,
    name: layer.name,
    scope,
    limit,
    resource,
    most,
    used: usedOf({ layer, scope, limit, resource, most, ...rest }),
  }
}

function usedOf({ layer: { counts }, scope, limit, resource }: LimitInForce): number | null {
  if (scope === "job") return null
  const counted: Readonly<Record<string, unknown>> = { ...counts[scope] }
  const value = counted[limit]
  if (resource === null) return typeof value === "number" ? value : 0
  return (value as Readonly<Record<string, number>> | undefined)?.[resource] ?? 0
}
