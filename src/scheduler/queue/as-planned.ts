import type { RoomAsked } from "../../protocol/queue-request.ts"
import { needOn } from "../../protocol/resources.ts"
import { taskIndices, tasksOfIndices } from "../request/array-tasks.ts"
import { endOf } from "./attempt-room.ts"
import type { QueueEntry, QueuePlan } from "./queue-plan.ts"
import type { QueueHost, QueueJob, QueueScene, RunningAttempt } from "./queue-scene.ts"
import { waitingAfter } from "./waits-again.ts"

/**
 * A scene in which all goes on as planned: what starts does so, all takes its whole time limit, who is preempted goes when that has to be and waits again
 * where policy has it so, nobody else comes but owners, when that is expected.
 */
export class AsPlanned {
  #scene: QueueScene
  #nowMs: number
  readonly #fromMs: number
  readonly #isAtOnce: boolean

  /**
   * @param ready all that stands in the queue, of arrays with the tasks that do
   * @param isAtOnce whether it is planned again at the moment in which somebody has begun, who may be preempted then
   */
  constructor(scene: QueueScene, ready: readonly QueueJob[], nowMs: number, isAtOnce = false) {
    // Who stands there stays there, and in the same order: nobody's priority rises past another's.
    const waiting = ready.map((job) => ({ ...job, dependency: null }))
    this.#scene = { ...scene, waiting }
    this.#nowMs = nowMs
    this.#fromMs = nowMs
    this.#isAtOnce = isAtOnce
  }

  get scene(): QueueScene {
    return this.#scene
  }

  get nowMs(): number {
    return this.#nowMs
  }

  /**
   * From its moment to the next in which something ends, or is to begin, or for which it is to be planned again.
   * @returns whether there is one
   */
  goOn({ entries, nextWakeMs }: Pick<QueuePlan, "entries" | "nextWakeMs">): boolean {
    const asks = entries.filter(({ preempts }) => preempts.length > 0)
    this.#makeRoom(asks)
    const starts = entries.filter((one) => one.state === "start" && !this.#hasToWait(one))
    this.#start(starts)
    this.#keepRoom(asks.filter((one) => this.#hasToWait(one)))
    if (this.#isAtOnce && starts.length > 0) return true
    const ends = this.#scene.running.map((one) => endOf(one, this.#nowMs))
    const begins = entries.flatMap(({ state, startMs }) => (state === "reserved" ? [startMs!] : []))
    const nextMs = Math.min(
      ...[...ends, ...begins, nextWakeMs ?? Number.POSITIVE_INFINITY].filter((ms) => ms > this.#nowMs),
    )
    if (nextMs === Number.POSITIVE_INFINITY) return false
    const { gridMs } = this.#scene.policy.backfill
    this.#moveTo(Math.ceil(nextMs / gridMs) * gridMs)
    return true
  }

  #start(starts: readonly QueueEntry[]): void {
    const byJob = Map.groupBy(starts, ({ job }) => job)
    const begun: RunningAttempt[] = []
    const waiting = this.#scene.waiting.flatMap((job) => {
      const mine = byJob.get(job.id)
      if (mine === undefined) return [job]
      begun.push(...mine.map((entry) => this.#attemptOf(job, entry)))
      return withoutTasks(job, mine)
    })
    this.#scene = { ...this.#scene, waiting, running: [...this.#scene.running, ...begun] }
  }

  /** Those have yet to go who are to make room for it. */
  #hasToWait({ startMs }: QueueEntry): boolean {
    return startMs! > this.#nowMs
  }

  #makeRoom(asks: readonly QueueEntry[]): void {
    if (asks.length === 0) return
    const running = this.#scene.running.map((one) => madeRoomBy(one, asks))
    const isGone = ({ leavesMs, leavesFor = null }: RunningAttempt) =>
      leavesFor !== null && leavesMs !== null && leavesMs <= this.#nowMs
    const waiting = waitingAfter(this.#scene, running.filter(isGone), this.#nowMs - this.#fromMs)
    const left = running.filter((one) => !isGone(one))
    this.#scene = { ...this.#scene, waiting, running: left.map((one) => passedOn(one, running, left)) }
  }

  #keepRoom(asks: readonly QueueEntry[]): void {
    if (asks.length === 0) return
    const byJob = Map.groupBy(asks, ({ job }) => job)
    const waiting = this.#scene.waiting.map((job) => {
      const rooms = byJob.get(job.id)?.map(roomOf)
      return rooms === undefined ? job : { ...job, roomAsked: [...(job.roomAsked ?? []), ...rooms] }
    })
    this.#scene = { ...this.#scene, waiting }
  }

  #attemptOf(job: QueueJob, { task, hosts, partition, endMs }: QueueEntry): RunningAttempt {
    const { name, user, account, qos, alone, pieces, hasSecrets, submittedMs, hostsWanted } = job
    const host = this.#scene.hosts.find(({ id }) => id === hosts[0])!
    return {
      ...{ job: job.id, task, name, user, account, qos, partition, hosts, hostsWanted, alone, pieces, hasSecrets },
      submittedMs,
      resources: needOn(job.resources, host.total),
      startedMs: this.#nowMs,
      limitMs: endMs === null ? null : endMs - this.#nowMs,
      leavesMs: null,
    }
  }

  #moveTo(nowMs: number): void {
    const byMs = nowMs - this.#nowMs
    const isOver = (one: RunningAttempt) => endOf(one, this.#nowMs) <= nowMs
    const over = this.#scene.running.filter(isOver)
    const waiting = waitingAfter(this.#scene, over, this.#nowMs - this.#fromMs).map((job) => {
      return { ...job, accruesSinceMs: job.accruesSinceMs === null ? null : job.accruesSinceMs + byMs }
    })
    const hosts = this.#scene.hosts.map((host) => thenOn(host, nowMs))
    const left = this.#scene.running.filter((one) => !isOver(one))
    this.#scene = {
      ...this.#scene,
      hosts,
      waiting,
      running: left.map((one) => goesOnIn(stoodStill(one, byMs), this.#scene.running, left, waiting)),
    }
    this.#nowMs = nowMs
  }
}

/** Those in which none of its tasks has begun. */
function roomsLeft(rooms: readonly RoomAsked[], begun: readonly QueueEntry[]): readonly RoomAsked[] {
  const left = [...rooms]
  for (const { hosts } of begun) {
    const at = left.findIndex((room) => room.hosts.join() === hosts.join())
    if (at !== -1) left.splice(at, 1)
  }
  return left
}

function roomOf({ partition, hosts, startMs, endMs }: QueueEntry): RoomAsked {
  return { partition, hosts, startMs: startMs!, endMs }
}

/** On its way out, or stopped there, where one of them preempts it; who is stopped ends later by what that one may run. */
function madeRoomBy(one: RunningAttempt, asks: readonly QueueEntry[]): RunningAttempt {
  for (const { preempts, startMs, endMs } of asks) {
    const how = preempts.find(({ job, task }) => job === one.job && task === one.task)
    if (how === undefined) continue
    if (how.mode !== "suspend") return { ...one, leavesMs: how.graceEndsMs, leavesFor: how.for }
    const limitMs = one.limitMs === null || endMs === null ? null : one.limitMs + endMs - startMs!
    return { ...one, stoppedFor: how.for, limitMs }
  }
  return one
}

/** That it was stopped counts neither as time it ran nor for its limit: its end stays where that was reckoned. */
function stoodStill(one: RunningAttempt, byMs: number): RunningAttempt {
  if ((one.stoppedFor ?? null) === null) return one
  const { startedMs, limitMs } = one
  return { ...one, startedMs: startedMs + byMs, limitMs: limitMs === null ? null : limitMs - byMs }
}

/**
 * Goes on once the one for which it was stopped has ended there: of an array the task that was the first there.
 * @param before what ran until now, in the order in which it began
 * @param left what does so yet
 */
function goesOnIn(
  one: RunningAttempt,
  before: readonly RunningAttempt[],
  left: readonly RunningAttempt[],
  waiting: readonly QueueJob[],
): RunningAttempt {
  const next = passedOn(one, before, left)
  const other = next.stoppedFor ?? null
  const isToRun = () => waiting.some((job) => job.id === other && job.roomAsked?.some((room) => isBeside(one, room)))
  return other === null || runnerOf(next, left) !== undefined || isToRun() ? next : { ...next, stoppedFor: null }
}

/** Where the one is gone that ran in its place and was stopped for another in turn, its place is that one's now. */
function passedOn(
  one: RunningAttempt,
  before: readonly RunningAttempt[],
  left: readonly RunningAttempt[],
): RunningAttempt {
  const runner = runnerOf(one, before)
  if (runner === undefined || left.includes(runner)) return one
  const next = { ...one, stoppedFor: runner.stoppedFor ?? null }
  return passedOn(
    next,
    before.filter((each) => each !== runner),
    left,
  )
}

function runnerOf(one: RunningAttempt, all: readonly RunningAttempt[]): RunningAttempt | undefined {
  const { stoppedFor = null } = one
  return stoppedFor === null ? undefined : all.find((each) => each.job === stoppedFor && isBeside(one, each))
}

function isBeside(one: RunningAttempt, { hosts }: Pick<RunningAttempt, "hosts">): boolean {
  return one.hosts.some((host) => hosts.includes(host))
}

/** Its owner has gone when that was expected, and is there when that is. */
function thenOn(host: QueueHost, nowMs: number): QueueHost {
  const left = host.ownerObstacles.filter(({ until }) => until === null || until > nowMs)
  const isThere = left.length === 0 ? host.expected.find((one) => one.startMs <= nowMs && nowMs < one.endMs) : undefined
  if (isThere === undefined) return { ...host, ownerObstacles: left }
  return { ...host, ownerObstacles: [{ code: "owner_here", text: "as expected", until: isThere.endMs }] }
}

/** What still waits of it; of a job that is no array nothing. */
function withoutTasks(job: QueueJob, begun: readonly QueueEntry[]): readonly QueueJob[] {
  const { array } = job
  if (array === null) return []
  const gone = new Set(begun.map(({ task }) => task))
  const left = [...taskIndices(array.tasks)].filter((task) => !gone.has(task))
  if (left.length === 0) return []
  const tasks = tasksOfIndices(left, array.tasks.atOnce)
  const rooms = { ...(job.roomAsked !== undefined && { roomAsked: roomsLeft(job.roomAsked, begun) }) }
  return [{ ...job, ...rooms, array: { ...array, tasks, running: array.running + gone.size } }]
}
