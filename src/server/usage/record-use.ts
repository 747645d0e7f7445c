import type { ExitRecord } from "../../protocol/agent-wire.ts"
import type { AttemptRecord } from "../../store/job-record.ts"
import type { UsageInterval } from "../../store/usage.ts"
import type { Core } from "../core.ts"
import type { Tried } from "../jobs/job-table.ts"
import { currentPolicy } from "../policy/pool-policy.ts"
import { termsOf } from "./charge-terms.ts"
import { firstDifference, stopsOf } from "./stops.ts"

/**
 * Brings the interval of an attempt to what is known of it: that it began, was stopped, went on. What never began is not charged. A
 * repeat changes nothing. Within a change, so that it is stored with the attempt or not at all.
 */
export function recordUse(core: Core, tried: Tried): void {
  keep(core, tried, { fromMs: tried.attempt.startedAt, toMs: null })
}

/** An attempt has ended of which its host says nothing: what is charged ends when the host was heard of last. Within a change. */
export function recordUseLost(core: Core, tried: Tried, lastHeardMs: number | null): void {
  const { attempt } = tried
  const endedMs = attempt.endedAt ?? core.clock.now()
  keep(core, tried, { fromMs: attempt.startedAt, toMs: Math.min(endedMs, lastHeardMs ?? endedMs) })
}

/**
 * The host says how long the attempt ran: that is charged, also of one that was given up, but never more than the time since it was placed.
 * That is looked at on both clocks of the server, as one can have been set back meanwhile, and the other counts from its start. Within a change.
 */
export function recordUseEnded(core: Core, tried: Tried, exit: ExitRecord): void {
  const { attempt } = tried
  const nowMs = core.clock.now()
  const placedMonotonicMs = PLACED_MONOTONIC_MS.get(attempt)
  const sinceMs = Math.max(
    nowMs - attempt.placedAt,
    placedMonotonicMs === undefined ? 0 : core.clock.monotonicMs() - placedMonotonicMs,
  )
  const saidMs = exit.startedAt === null || exit.endedAt < exit.startedAt ? null : exit.endedAt - exit.startedAt
  // A clock that was set back and a server that was started anew: then only the host knows.
  const ranMs = saidMs === null || sinceMs <= 0 ? saidMs : Math.min(saidMs, sinceMs)
  // That it began may never have been heard.
  const fromMs =
    attempt.startedAt ??
    core.store.usage.interval(attempt.id)?.fromMs ??
    (ranMs === null ? null : Math.max(attempt.placedAt, nowMs - ranMs))
  if (fromMs === null) return
  keep(core, tried, { fromMs, toMs: ranMs === null ? (attempt.endedAt ?? nowMs) : fromMs + ranMs })
}

/** Remembers, for as long as this run of the server, when an attempt was placed. */
export function notePlaced(core: Core, attempt: AttemptRecord): void {
  PLACED_MONOTONIC_MS.set(attempt, core.clock.monotonicMs())
}

const PLACED_MONOTONIC_MS = new WeakMap<AttemptRecord, number>()

interface Known {
  readonly fromMs: number | null
  /** `null`: nothing new. */
  readonly toMs: number | null
}

function keep(core: Core, { job, attempt }: Tried, { fromMs, toMs: endMs }: Known): void {
  if (fromMs === null) return
  const { usage } = core.store
  const before = usage.interval(attempt.id)
  const toMs = endMs === null ? (before?.toMs ?? null) : Math.max(fromMs, endMs)
  const untilMs = Math.max(fromMs, toMs ?? core.clock.now())
  const after: UsageInterval = {
    ...(before ??
      termsOf(
        currentPolicy(core),
        job,
        attempt,
        core.fleet.get(attempt.hostId),
        core.store.models.servedBy(job.id)?.model ?? null,
      )),
    fromMs,
    toMs,
    stops: stopsOf(before?.stops ?? [], attempt, fromMs, untilMs),
  }
  const changedMs = firstChange(before, after)
  if (changedMs === null) return
  usage.put(after)
  core.usage.changedFrom(changedMs)
}

function firstChange(before: UsageInterval | undefined, after: UsageInterval): number | null {
  if (before === undefined) return after.fromMs
  const changes: number[] = []
  if (before.fromMs !== after.fromMs) changes.push(before.fromMs, after.fromMs)
  if (before.toMs !== after.toMs) changes.push(...[before.toMs, after.toMs].filter((ms) => ms !== null))
  const stopMs = firstDifference(before.stops, after.stops)
  if (stopMs !== null) changes.push(stopMs)
  return changes.length === 0 ? null : Math.min(...changes)
}
