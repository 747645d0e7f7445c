import { formatDuration } from "../../base/duration.ts"
import type { JobId } from "../../protocol/ids.ts"
import { needOn, type Resources } from "../../protocol/resources.ts"
import { limitBefore } from "../bookings/kept-text.ts"
import type { JobNames } from "../job-names.ts"
import { hostObstacles, largeEnough, lastingObstacles, type Obstacle } from "../obstacle.ts"
import { describeObstacle, toTell } from "../obstacle-text.ts"
import type { Lease } from "../snapshot.ts"
import { totalOf } from "./attempt-room.ts"
import { type BookedThen, bookedText } from "./away-reasons.ts"
import type { HoldsExplained } from "./holds-explained.ts"
import { admits, awayOf, timesOf } from "./host-times.ts"
import { obstacleTexts } from "./obstacle-texts.ts"
import type { Occupancy, Occupant } from "./occupancy.ts"
import { accountsUp, preferenceText } from "./preferences.ts"
import type { WaitReason } from "./queue-plan.ts"
import type { QueueHost, QueueJob } from "./queue-scene.ts"
import { reasonText } from "./reason-text.ts"
import { isWanted, shapeOf } from "./requests.ts"

/** Why a job waits that is not for want of room. */
type HoldingBack = Extract<WaitReason, { readonly code: (typeof HOLDING_BACK)[number] }>
const HOLDING_BACK = ["in_turn", "limit", "array_limit", "deadline", "not_allowed"] as const

/** What keeps a job off one host now. */
export type QueueObstacle =
  | Obstacle
  /** Others have it booked meanwhile. */
  | ({ readonly code: "booked"; readonly booking: string } & Omit<BookedThen, "name">)
  /** Its booking does not have the host. */
  | { readonly code: "not_booked"; readonly booking: string }
  /** Jobs are leaving it for another one, and until they are gone nobody else starts there. */
  | { readonly code: "making_room"; readonly for: JobId }
  /** In the other partition of the job that has the host something holds it back wherever there is room. */
  | { readonly code: HoldingBack["code"]; readonly partition: string; readonly reason: HoldingBack }
  /** It, or who is there, shares the host with nobody. */
  | { readonly code: "alone"; readonly leases: readonly Lease[] }

export interface HostAnswer {
  readonly host: QueueHost
  /** By which of the job's partitions that have the host. */
  readonly partition: string
  /** All of it is true by itself; none: it has room. */
  readonly obstacles: readonly QueueObstacle[]
  readonly text: string
}

/** A job's turn in one of its partitions. */
export interface TurnIn {
  readonly partition: string
  /** When it was, as {@link Occupancy.orderOf} counts. */
  readonly order: number
  /** How long it may run there. */
  readonly limitMs: number
  /** Why it waits there, where that is not what its entry says. */
  readonly reason: WaitReason | null
}

/**
 * Host by host, what keeps a job off it now, as the job finds it at its turn.
 * @param turns in its partitions; a host that is in several answers for the first in which something keeps the job off
 * @param isForRoom it waits for nothing but room, so that with a shorter time limit it might start
 */
export function explainEntry(
  occupancy: Occupancy,
  holds: HoldsExplained,
  job: QueueJob,
  turns: readonly TurnIn[],
  isForRoom: boolean,
  nameOf: JobNames,
): readonly HostAnswer[] {
  const { nowMs } = occupancy.grid
  const accounts = accountsUp(occupancy.scene.policy, job.account)
  const partitions = turns.map(({ partition }) => partition).join(" or ")
  const fits = (turn: TurnIn, limitMs: number) => (host: QueueHost) =>
    host.partitions.includes(turn.partition) &&
    obstaclesOn(occupancy, holds, job, { ...turn, limitMs }, host).length === 0
  /** The time limit with which it would be over before the booking begins there, if with that it could start now; else 0. */
  const startsWith = (host: QueueHost, turn: TurnIn, obstacles: readonly QueueObstacle[]): number => {
    const [first] = obstacles
    if (!isForRoom || first?.code !== "booked" || obstacles.some(({ code }) => code !== "booked")) return 0
    // Whether these are free for so long is not known from hosts.
    if (Object.keys(job.pieces).length > 0) return 0
    const limitMs = limitBefore(first.startMs - nowMs)
    if (limitMs <= 0 || !fits(turn, limitMs)(host)) return 0
    return job.hosts === 1 || occupancy.scene.hosts.filter(fits(turn, limitMs)).length >= job.hosts ? limitMs : 0
  }
  return occupancy.scene.hosts.map((host) => {
    const has = turns.filter(({ partition }) => host.partitions.includes(partition))
    let [turn] = has.length > 0 ? has : turns
    let obstacles = obstaclesOn(occupancy, holds, job, turn!, host)
    for (let at = 1; at < has.length && obstacles.length === 0; at++) {
      turn = has[at]
      obstacles = obstaclesOn(occupancy, holds, job, turn!, host)
    }
    const withMs = startsWith(host, turn!, obstacles)
    const textOf = (one: QueueObstacle) => obstacleText(one, host, job, partitions, nowMs, withMs, nameOf)
    const said = obstacleTexts(toTell(obstacles), textOf).join("; ") || "has room"
    const text = `${said}${preferenceText(host, job.user, accounts)}`
    const away = obstacles.length === 0 ? null : awayOf(host, nowMs)
    const back = away !== null && away.endMs !== Number.POSITIVE_INFINITY ? "; expected free in" : ""
    return {
      host,
      partition: turn!.partition,
      obstacles,
      text: back === "" ? text : `${text}${back} ${formatDuration(away!.endMs - nowMs)}`,
    }
  })
}

function obstaclesOn(
  occupancy: Occupancy,
  holds: HoldsExplained,
  job: QueueJob,
  { partition, order, limitMs, reason }: TurnIn,
  asItIs: QueueHost,
): readonly QueueObstacle[] {
  const found: QueueObstacle[] = lastingObstacles({ ...shapeOf(job, partition), hostWanted: null }, asItIs)
  if (!isBooked(occupancy, job, asItIs, order)) found.unshift({ code: "not_booked", booking: job.booking! })
  if (!isWanted(job, asItIs)) found.unshift({ code: "pinned_elsewhere" })
  const host = largeEnough(asItIs, needOn(job.resources, asItIs.total))
  const { nowMs } = occupancy.grid
  found.push(...hostObstacles(host))
  if (reason !== null && holdsBack(reason)) found.push({ code: reason.code, partition, reason })
  const booked = occupancy.scene.bookings
    .filter((one) => one.startMs < nowMs + limitMs && one.endMs > nowMs && one.hosts.has(host.id) && !admits(one, job))
    .sort((a, b) => a.startMs - b.startMs)
  for (const [at, { name, startMs, endMs }] of booked.entries()) {
    found.push({ code: "booked", booking: name, startMs, endMs, hasLimit: at === 0 ? Number.isFinite(limitMs) : null })
  }
  const vacated = occupancy.vacatedFor(host, order)
  if (vacated !== null) found.push({ code: "making_room", for: vacated })
  const all = occupancy.on(host, order, job.id)
  const here = all.filter(({ planned }) => !planned).sort(byNumber)
  const leased = leasedBy(occupancy, job, host, here)
  found.push(...leased.map((one) => withFreeOf(one, host, asItIs)))
  // Who stands before it is in the way by itself only where it still is once these are gone.
  const named = new Set(leased.flatMap((one) => ("leases" in one ? one.leases.map((lease) => lease.job) : [])))
  const others = all.filter((one) => one.planned || !named.has(one.job))
  const then = leased.some(({ code }) => code === "memory_short") ? withoutOthersUse(host) : host
  const ahead = [
    ...inTheWay(occupancy, job, then, others, limitMs),
    ...holds.inTheWay(job, then, order, others, limitMs),
  ]
  if (ahead.length === 0) return found
  const isOwners = (id: JobId) => others.some((one) => one.job === id && one.ownTurn !== undefined)
  const whose = job.user !== asItIs.owner && ahead.every(isOwners) ? { ofOwner: true as const } : {}
  const isMade = (id: JobId) => others.some((one) => one.job === id && one.isMade === true)
  const made = ahead.every(isMade) ? { isMade: true as const } : {}
  found.push({ code: "held_for_earlier", jobs: ahead, more: 0, ...whose, ...made })
  return found
}

/** As if nobody but jobs used its memory: for who else is in the way where that is an obstacle by itself. */
function withoutOthersUse({ memoryNowBytes: _, ...host }: QueueHost): QueueHost {
  return host
}

/** What is free is told of the host as it is, not as if it were larger. */
function withFreeOf(one: QueueObstacle, larger: QueueHost, host: QueueHost): QueueObstacle {
  if (larger === host || !("free" in one)) return one
  const of = one.code === "gpu_leased" ? "gpus" : one.code === "cores_leased" ? "cores" : "memoryBytes"
  return { ...one, free: one.free - (totalOf(larger)[of] - totalOf(host)[of]) }
}

/** Of hosts that its booking has, those that it has only at another time are none for who stands in the queue. */
function isBooked({ scene, grid }: Occupancy, job: QueueJob, host: QueueHost, order: number): boolean {
  if (job.booking === null) return true
  const [next] = timesOf(scene, job.booking, host.id, grid.nowMs)
  return next !== undefined && (next.startMs <= grid.nowMs || order === Number.POSITIVE_INFINITY)
}

/** By number, tasks of an array by when they end: in which order they came says nothing. */
function byNumber(a: Occupant, b: Occupant): number {
  const [endsA, endsB] = [a.endMs ?? Number.MAX_SAFE_INTEGER, b.endMs ?? Number.MAX_SAFE_INTEGER]
  return a.job - b.job || endsA - endsB
}

function leasedBy(occupancy: Occupancy, job: QueueJob, host: QueueHost, here: readonly Occupant[]): QueueObstacle[] {
  const isAlone = job.alone || job.hasSecrets
  const leases = (some: readonly Occupant[]) => onceEach(some).map((one) => leaseOf(one, host))
  const found: QueueObstacle[] = []
  const need = needOn(job.resources, host.total)
  const loners = isAlone ? here : here.filter(({ alone }) => alone)
  if (loners.length > 0) found.push({ code: "alone", leases: leases(loners) })
  const lonely = new Set(loners.map((one) => one.job))
  const others = here.filter((one) => !lonely.has(one.job))
  const free = occupancy.freeBeside(host, onceEach(others))
  if (need.gpus > 0 && need.gpus > free.gpus) {
    const held = others.filter(({ resources }) => resources.gpus > 0)
    found.push({ code: "gpu_leased", asked: need.gpus, free: free.gpus, leases: leases(held) })
  }
  if (need.memoryBytes > 0) {
    const [asked, now] = [need.memoryBytes, free.memoryBytes]
    const isShort = asked > occupancy.freeBeside(host, []).memoryBytes
    if (isShort) found.push({ code: "memory_short", asked, free: now, forGpu: need.gpus > 0 })
    // Also where nobody else uses any more of it, jobs may be in the way.
    const then = isShort ? occupancy.freeBeside(withoutOthersUse(host), onceEach(others)).memoryBytes : now
    if (asked > then) found.push({ code: "memory_leased", asked, free: now, leases: leases(others) })
  }
  if (need.cores > 0 && need.cores > free.cores) {
    found.push({ code: "cores_leased", asked: need.cores, free: free.cores, leases: leases(others) })
  }
  return found
}

/** Who is suspended is there in two parts, beside the other one and as it goes on: as one, with the most that it has of each resource. */
function onceEach(occupants: readonly Occupant[]): readonly Occupant[] {
  return occupants.flatMap((one) => {
    if (one.leaving === undefined) return one
    const parts = occupants.filter(({ leaving }) => leaving === one.leaving)
    if (parts[0] !== one) return []
    const most = (of: keyof Resources) => Math.max(...parts.map(({ resources }) => resources[of]))
    return { ...one, resources: { memoryBytes: most("memoryBytes"), gpus: most("gpus"), cores: most("cores") } }
  })
}

/** Jobs for which the host is kept at some time while this one would be there; it would not fit beside them. */
function inTheWay(
  occupancy: Occupancy,
  job: QueueJob,
  host: QueueHost,
  all: readonly Occupant[],
  limitMs: number,
): readonly Occupant["job"][] {
  const { grid } = occupancy
  const lastStep = Math.min(grid.stepOf(grid.nowMs + limitMs), grid.steps - 1)
  const kept = all.filter(({ planned, firstStep }) => planned && firstStep <= lastStep)
  const isAlone = job.alone || job.hasSecrets
  const need = needOn(job.resources, host.total)
  const jobs = new Set<Occupant["job"]>()
  for (const step of new Set(kept.map(({ firstStep }) => firstStep))) {
    const then = all.filter(({ firstStep, endStep }) => firstStep <= step && step < endStep)
    const clashes =
      isAlone || then.some(({ alone }) => alone) || !fitsWhereAsked(need, occupancy.freeBeside(host, then))
    if (clashes) for (const one of then) if (one.planned) jobs.add(one.job)
  }
  return [...jobs]
}

function fitsWhereAsked(need: Resources, free: Resources): boolean {
  return (["memoryBytes", "gpus", "cores"] as const).every((of) => need[of] === 0 || need[of] <= free[of])
}

function leaseOf({ job, user, hasSecrets, resources, endMs }: Occupant, host: QueueHost): Lease {
  return { job, host: host.id, resources, user, hasSecrets, expectedEndMs: endMs }
}

function holdsBack(reason: WaitReason): reason is HoldingBack {
  return HOLDING_BACK.some((code) => code === reason.code)
}

/** @param withMs the time limit with which it could start there now; 0: with none */
function obstacleText(
  obstacle: QueueObstacle,
  host: QueueHost,
  job: QueueJob,
  partition: string,
  nowMs: number,
  withMs: number,
  nameOf: JobNames,
): string {
  switch (obstacle.code) {
    case "booked":
      return bookedText({ ...obstacle, name: obstacle.booking }, nowMs, withMs)
    case "in_turn":
    case "limit":
    case "array_limit":
    case "deadline":
      return `in partition ${obstacle.partition}: ${reasonText(obstacle.reason, nowMs, nameOf)}`
    case "not_allowed":
      return reasonText(obstacle.reason, nowMs, nameOf)
    case "making_room":
      return `making room for job ${nameOf(obstacle.for)}`
    case "not_booked":
      return `not in the booking ${obstacle.booking}`
    case "alone": {
      const jobs = [...new Set(obstacle.leases.map((lease) => nameOf(lease.job)))]
      const why = job.alone || job.hasSecrets ? "it shares its host with nobody" : "who is there shares it with nobody"
      return `${why}: ${jobs.length === 1 ? "job" : "jobs"} ${jobs.join(", ")} there`
    }
    case "pinned_elsewhere":
      return `the job asks for ${job.hostsWanted?.join(" or ")}`
    default:
      return describeObstacle(obstacle, host, shapeOf(job, partition), nowMs, false, nameOf)
  }
}
