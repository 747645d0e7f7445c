import { needOn } from "../../protocol/resources.ts"
import { taskIndices, tasksOfIndices } from "../request/array-tasks.ts"
import { endOf } from "./attempt-room.ts"
import type { QueueEntry } from "./queue-plan.ts"
import type { QueueHost, QueueJob, QueueScene, RunningAttempt } from "./queue-scene.ts"

/** A scene in which all goes on as planned: what starts does so, all takes its whole time limit, nobody comes but owners, when that is expected. */
export class AsPlanned {
  #scene: QueueScene
  #nowMs: number

  /** @param ready all that stands in the queue, of arrays with the tasks that do */
  constructor(scene: QueueScene, ready: readonly QueueJob[], nowMs: number) {
    // Who stands there stays there, and in the same order: nobody's priority rises past another's.
    const waiting = ready.map((job) => ({ ...job, dependency: null }))
    this.#scene = { ...scene, waiting }
    this.#nowMs = nowMs
  }

  get scene(): QueueScene {
    return this.#scene
  }

  get nowMs(): number {
    return this.#nowMs
  }

  /**
   * From its moment to the next in which something ends, or is to begin.
   * @param entries of its plan
   * @returns whether there is one
   */
  goOn(entries: readonly QueueEntry[]): boolean {
    this.#start(entries.filter(({ state }) => state === "start"))
    const ends = this.#scene.running.map((one) => endOf(one, this.#nowMs))
    const begins = entries.flatMap(({ state, startMs }) => (state === "reserved" ? [startMs!] : []))
    const nextMs = Math.min(...[...ends, ...begins].filter((ms) => ms > this.#nowMs))
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

  #attemptOf(job: QueueJob, { task, hosts, partition, endMs }: QueueEntry): RunningAttempt {
    const { name, user, account, qos, alone, pieces, hasSecrets, submittedMs } = job
    const host = this.#scene.hosts.find(({ id }) => id === hosts[0])!
    return {
      ...{ job: job.id, task, name, user, account, qos, partition, hosts, alone, pieces, hasSecrets, submittedMs },
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
    const waiting = this.#scene.waiting.map((job) => {
      const { array } = job
      const aged = { ...job, accruesSinceMs: job.accruesSinceMs === null ? null : job.accruesSinceMs + byMs }
      const fewer = array === null ? 0 : over.filter((one) => one.job === job.id).length
      return array === null || fewer === 0 ? aged : { ...aged, array: { ...array, running: array.running - fewer } }
    })
    const hosts = this.#scene.hosts.map((host) => thenOn(host, nowMs))
    this.#scene = { ...this.#scene, hosts, waiting, running: this.#scene.running.filter((one) => !isOver(one)) }
    this.#nowMs = nowMs
  }
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
  return [{ ...job, array: { ...array, tasks, running: array.running + gone.size } }]
}
