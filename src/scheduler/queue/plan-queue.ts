import { Answers } from "./answers.ts"
import { Eligibility } from "./eligible.ts"
import { Estimates } from "./estimates.ts"
import { type Line, Lines } from "./line.ts"
import { untilNothingIsGivenUp } from "./most-kept.ts"
import { QueueOrder } from "./order-queue.ts"
import { QueuePass } from "./queue-pass.ts"
import type { QueueEntry, QueuePlan, WaitReason } from "./queue-plan.ts"
import type { QueueJob, QueueOptions, QueueScene } from "./queue-scene.ts"
import { Standings } from "./standings.ts"
import { laterThanTold } from "./tried-times.ts"

/** Why somebody waits who may yet be given a time, as a guess. */
const NO_TIME_YET: ReadonlySet<string> = new Set(["in_turn", "resources", "priority", "pieces"])

/** Why somebody waits whose time is known from which on it may start. */
const TO_COME: ReadonlySet<string> = new Set(["begin_time", "not_before", "booking_to_come"])

/** Why somebody does not stand in the queue yet. */
const PASSING: ReadonlySet<string> = new Set([...TO_COME, "held", "checkpoint_coming", "dependency"])

/**
 * The whole plan for a queue at a moment: who starts where, for whom what is kept from when on, who is preempted, and why each other job
 * waits. Pure: the same scene and moment give the same plan. Eligible, then limits, then in order of the queue a start, a reservation or a
 * reason, each as early as those before leave room; no start delays a reservation of who stands before it. Without backfill nobody starts
 * before who waits in the same partition.
 */
export function planQueue(
  scene: QueueScene,
  nowMs: number,
  { estimates = false, limited = false, early = false, untried = false }: QueueOptions = {},
): QueuePlan {
  const standings = new Standings(scene.policy)
  const lines = new Lines(scene, standings, nowMs)
  const eligibility = new Eligibility(scene, nowMs, early ? nowMs + scene.policy.backfill.windowMs : nowMs)
  const apart: QueueEntry[] = []
  const ready: QueueJob[] = []
  for (const job of scene.waiting) {
    const sorted = eligibility.sort(job)
    if (sorted.ready !== null) ready.push(sorted.ready)
    for (const { task, reason } of sorted.apart)
      apart.push(apartEntry(lines.lineOf(job, job.partitions[0]!), task, refusedWhile(standings, job, reason)))
  }
  const order = new QueueOrder(standings, lines.inOrder(ready))
  const { pass, answers, beyond } = untilNothingIsGivenUp((mostKept) => {
    const pass = new QueuePass(scene, order, nowMs, mostKept)
    return { pass, goesOn: true, ...wholePass(pass, order.lines, limited) }
  })
  if (estimates) new Estimates(pass).add(order.lines, answers, beyond)
  const { entries, otherTurns } = answers.entries(pass)
  const wakeMs = () => nextWakeMs(scene, entries, nowMs, pass.preemptor.nextMs)
  const times = estimates && !early ? earlyTimes(scene, nowMs, apart, limited) : undefined
  if (!untried && (order.lastInSeveral !== -1 || pass.earlier.hasBounds || pass.preemptor.mayPreempt)) {
    const plan = (ahead: QueueScene, ms: number) => planQueue(ahead, ms, { untried: true })
    const later = laterThanTold(scene, ready, { entries, nextWakeMs: wakeMs() }, nowMs, plan)
    for (const [at, one] of entries.entries()) if (later.has(one)) entries[at] = { ...one, behind: one.job }
  }
  for (const one of apart.sort((a, b) => a.job - b.job)) entries.push({ ...one, ...times?.get(one) })
  return { nowMs, entries, otherTurns, nextWakeMs: wakeMs() }
}

/** @returns what was found, and the lines that found no time and may be given a guess */
function wholePass(pass: QueuePass, order: readonly Line[], limited: boolean) {
  const { scene } = pass
  const answers = new Answers(order)
  for (const { at, found } of pass.first.asked.visitAll(scene, order)) answers.add(at, [found])
  if (scene.policy.owners.first) {
    for (let at = 0; at < order.length && !pass.own.isOver; at++) {
      const line = order[at]!
      if (!pass.own.concerns(line.standing.user)) continue
      const found = pass.first.own.visit(line)
      if (found.length > 0) answers.setOwn(at, found)
    }
  }
  const beyond: number[] = []
  for (let at = 0; at < order.length; at++) {
    const line = order[at]!
    const found = pass.look(line)
    answers.add(at, found)
    if (found.length > 0 && found[0]!.room === null && hasNoTimeYet(found[0]!.reason, limited)) beyond.push(at)
  }
  return { answers, beyond }
}

/** About when those may start who wait for nothing but their begin time, or their booking's: as if they stood in the queue, and others before them by its order. */
function earlyTimes(
  scene: QueueScene,
  nowMs: number,
  apart: readonly QueueEntry[],
  limited: boolean,
): ReadonlyMap<QueueEntry, Partial<QueueEntry>> | undefined {
  const toCome = apart.filter(({ reason }) => reason !== null && TO_COME.has(reason.code))
  if (toCome.length === 0) return undefined
  const { entries } = planQueue(scene, nowMs, { estimates: true, limited, early: true, untried: true })
  const planned = new Map<number, QueueEntry>()
  for (const entry of entries) {
    const known = planned.get(entry.job)
    if (entry.startMs !== null && (known === undefined || entry.startMs < known.startMs!)) planned.set(entry.job, entry)
  }
  return new Map(
    toCome.flatMap((one) => {
      const { startMs = null, endMs = null, hosts = [], behind = null } = planned.get(one.job) ?? {}
      return startMs === null ? [] : [[one, { startMs, endMs, hosts, behind, estimate: true }] as const]
    }),
  )
}

function hasNoTimeYet(reason: WaitReason | null, limited: boolean): boolean {
  if (reason === null) return false
  const isLimited = reason.code === "array_limit" || (reason.code === "limit" && reason.hits[0]?.lasting !== true)
  return "away" in reason || NO_TIME_YET.has(reason.code) || (limited && isLimited)
}

/** What it waits for may pass; that it may run in none of its partitions does not, as the policy is, and is said before that. */
function refusedWhile(standings: Standings, job: QueueJob, reason: WaitReason): WaitReason {
  if (!PASSING.has(reason.code)) return reason
  const text = standings.refusalOf(job)
  return text === null ? reason : { code: "not_allowed", text }
}

function apartEntry(line: Line, task: number | null, reason: WaitReason): QueueEntry {
  return {
    job: line.spec.id,
    task,
    partition: line.standing.partition.name,
    qos: line.standing.qos.name,
    priority: line.priority,
    place: null,
    decision: 0,
    state: "waits",
    startMs: null,
    endMs: null,
    hosts: [],
    holds: [],
    ownersFirst: false,
    madeFirst: false,
    estimate: false,
    behind: null,
    preempts: [],
    reason,
  }
}

function nextWakeMs(
  scene: QueueScene,
  entries: readonly QueueEntry[],
  nowMs: number,
  preemptMs: number,
): number | null {
  let nextMs = preemptMs
  const note = (ms: number | null) => {
    if (ms !== null && ms > nowMs && ms < nextMs) nextMs = ms
  }
  for (const { state, startMs, reason } of entries) {
    if (state === "reserved") note(startMs)
    if (reason !== null && "untilMs" in reason) note(reason.untilMs)
  }
  for (const { startMs, endMs } of scene.bookings) {
    note(startMs)
    note(endMs)
  }
  for (const { ownerObstacles } of scene.hosts) for (const { until } of ownerObstacles) note(until)
  return nextMs === Number.POSITIVE_INFINITY ? null : nextMs
}
