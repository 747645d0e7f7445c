import { isFinal } from "../../protocol/job-state.ts"
import type { ReplicaState } from "../../protocol/model-api.ts"
import type { ModelRecord, ReplicaRecord } from "../../store/model-record.ts"
import type { Core } from "../core.ts"
import { stopJob } from "../jobs/stop.ts"
import { WINDFALL } from "../ledger.ts"
import { type HeldMore, nextFactor } from "./held-memory.ts"
import type { LiveReplica } from "./live-replica.ts"
import type { ModelLimits } from "./model-limits.ts"
import { type HiveLoss, MAY_FINISH, type ReplicaStep } from "./replica-step.ts"

export interface StepGround {
  readonly core: Core
  readonly limits: ModelLimits
  readonly model: ModelRecord
  readonly record: ReplicaRecord
  readonly live: LiveReplica
}

/** Carries out what changes nothing but what is stored; each change of a state has its event. Within a change. */
export function takeStep(ground: StepGround, step: ReplicaStep): void {
  const { core, live, limits } = ground
  switch (step.do) {
    case "note":
      if (step.state !== "ready") live.served = null
      store(ground, { state: step.state, reason: step.reason, ...readiness(ground, step.state) })
      return
    case "drain":
      live.served = null
      live.drainUntil = core.clock.now() + limits.drainMs
      // A request that broke it off may be why; where its hive knows better, that was told already.
      if (step.isFailure) live.watch?.readings.settle({ how: "crashed", why: step.reason })
      if (step.isFailure) live.failing = { reason: step.reason, mayGoBetter: true, host: null }
      store(ground, { state: "ending", reason: step.reason })
      return
    case "end":
      endHive(ground)
      return
    case "gone":
      live.forgetHive()
      store(ground, { state: "idle", reason: null, job: null, readySince: null, sealedKey: null })
      return
    case "halt":
      live.forgetHive()
      store(ground, { state: "idle", reason: null, job: null, readySince: null, sealedKey: null })
      setModel(
        ground,
        { wanted: "stopped", reason: `${step.by} stopped its job` },
        `stopped: ${step.by} stopped its job`,
      )
      return
    case "lost":
      lose(ground, step.loss)
      return
    default:
  }
}

function readiness({ core, record }: StepGround, state: ReplicaState): Partial<ReplicaRecord> {
  if (state !== "ready") return { readySince: null }
  return { readySince: record.readySince ?? core.clock.now(), notBefore: null }
}

/** What is still in flight then had its time: it is cut here, as the member would wait for it once more. */
function endHive({ core, model, record, live }: StepGround): void {
  const why = record.reason === MAY_FINISH ? "its replica was ended" : record.reason
  live.forgetWay(model.wanted === "stopped" ? `${model.name} was stopped before its answer was complete` : why)
  const job = record.job === null ? undefined : core.table.live(record.job)
  if (job !== undefined && !isFinal(job.state)) stopJob(core, job, { now: false }, WINDFALL)
}

/** Tried again a bounded number of times, each after a longer rest; a host that cannot run it is left out, one on which it held more than was planned gives it more. */
function lose(ground: StepGround, told: HiveLoss): void {
  const { core, limits, record, live } = ground
  const now = core.clock.now()
  const wasSteady = record.readySince !== null && now - record.readySince >= limits.steadyMs
  if (wasSteady) live.blamedLosses.clear()
  const { isAgain, isOfRequest, requests } = blame(live)
  const loss = isOfRequest ? ofRequest(told, !isAgain && requests > 1) : told
  const { mayGoBetter, held, isShut = false, isOfCables = false } = loss
  const losses = wasSteady ? 1 : Math.max(1, record.losses + (isAgain ? 0 : 1))
  // It is the plan that was wrong, and not the host.
  const host = held === undefined ? loss.host : null
  const enough = held === undefined ? "" : giveMore(ground, held, requests > 0)
  const reason = `${loss.reason}${enough}`
  if (host !== null) (isShut ? live.loopbackOnly : live.avoid).set(host, { reason, until: now + limits.avoidMs })
  const hosts = isOfCables ? (record.plan?.members ?? []) : []
  for (const member of hosts) live.withoutCables.set(member.host, { reason, until: now + limits.avoidMs })
  live.forgetHive()
  live.isTriedAnew = false
  live.lastLoss = { at: now, reason }
  const gone = { job: null, readySince: null, sealedKey: null, losses }
  // Where a host is left out the next try is another one: there are no more of them than hosts.
  if (host === null && (!mayGoBetter || losses >= limits.mostLosses)) {
    const why =
      losses >= limits.mostLosses ? `it was lost ${losses} times in a row, the last time as ${reason}` : reason
    store(ground, { ...gone, state: "degraded", reason: why, notBefore: null })
    return
  }
  const restMs = Math.min(limits.longestRestMs, limits.restMs * 2 ** (losses - 1))
  store(ground, { ...gone, state: "resting", reason, notBefore: now + (host === null ? restMs : 0) })
}

/** Its next plan gives it more there than this one. @returns in words that it does not; else nothing */
function giveMore({ model, record, live }: StepGround, held: HeldMore, isByRequests: boolean): string {
  const before = live.needFactors(model.generation).get(held.host) ?? 1
  const next = nextFactor(held, record.plan, before, isByRequests)
  live.needsMore(model.generation, held.host, next)
  return next > before
    ? ""
    : `. It has ${Number(before.toFixed(1))} times what is reckoned for it, and requests make that no more`
}

interface Blame {
  /** Of the same request as before. */
  readonly isAgain: boolean
  /** Of the only one that was there whenever it ended. */
  readonly isOfRequest: boolean
  /** So many that were there now may be why. */
  readonly requests: number
}

/** Whether its engine may have ended of a request. */
function blame({ watch, blamedLosses }: LiveReplica): Blame {
  watch?.settle()
  const present = new Set(watch?.readings.verdict?.present.keys())
  const isAgain = blamedLosses.note(present)
  return { isAgain, isOfRequest: present.size > 0 && blamedLosses.causes === 1, requests: present.size }
}

/** What one request brought about says nothing of the model and of its host; what a member held then is learned from once where others were there, too. */
function ofRequest({ reason, held }: HiveLoss, isLesson: boolean): HiveLoss {
  return { reason, mayGoBetter: true, host: null, ...(held !== undefined && isLesson ? { held } : {}) }
}

/** Stores what changed of a replica; a new state is an event. Within a change. */
export function store(
  { core, model, record }: Omit<StepGround, "live" | "limits">,
  change: Partial<ReplicaRecord>,
): void {
  const next = { ...record, ...change }
  core.store.models.putReplica(next)
  // That a hive which answers has a slow link is news, too.
  const isNews = next.state !== record.state || (next.state === "ready" && next.reason !== record.reason)
  if (!isNews) return
  const why = next.reason === null ? "" : ` (${next.reason})`
  const where =
    next.plan === null || next.job === null ? "" : ` on ${next.plan.members.map((one) => one.hostName).join(", ")}`
  const what = `replica ${record.number}${where}: ${record.state} -> ${next.state}${why}`
  core.ledger.event({ type: "model_changed", name: model.name, user: model.user, what })
}

/** Stores what changed of a model, with its event. Within a change. */
export function setModel(
  { core, model }: Pick<StepGround, "core" | "model">,
  change: Partial<ModelRecord>,
  what: string,
  actor: string = WINDFALL,
): ModelRecord {
  const next = { ...model, ...change }
  core.store.models.put(next)
  core.ledger.event({ type: "model_changed", name: model.name, user: model.user, what }, actor)
  return next
}
