import fc from "fast-check"
import type { RoomAsked } from "../../src/protocol/queue-request.ts"
import { planQueue } from "../../src/scheduler/queue/plan-queue.ts"
import type { QueueEntry } from "../../src/scheduler/queue/queue-plan.ts"
import type { QueueJob, QueueScene, RunningAttempt } from "../../src/scheduler/queue/queue-scene.ts"
import { readArrayTasks, taskIndices } from "../../src/scheduler/request/array-tasks.ts"
import { preemptionScenes } from "./preemption-scenes.ts"
import { QUEUE_NOW_MS } from "./queue-scenes.ts"

/**
 * As all is done that the plan has for this moment: what is to start has, and whoever is to make room has been asked to.
 * @param areGone those who are to end have done so, and do not wait again; else they are on their way out
 */
export function afterPlan(
  scene: QueueScene,
  entries: readonly QueueEntry[],
  nowMs: number,
  areGone: boolean,
): QueueScene {
  const begun = entries.filter(({ state, preempts }) => state === "start" && preempts.length === 0)
  const started = begun.map((entry) => attemptOf(scene, entry, nowMs))
  return {
    ...scene,
    waiting: scene.waiting.flatMap((job) => waitsAfter(job, begun, entries)),
    running: [...scene.running.flatMap((one) => runsAfter(one, entries, areGone)), ...started],
  }
}

/** Who is stopped ends later by what that job may run. */
function runsAfter(one: RunningAttempt, entries: readonly QueueEntry[], areGone: boolean): readonly RunningAttempt[] {
  const entry = entries.find(({ preempts }) => preempts.some(({ job, task }) => job === one.job && task === one.task))
  const preempted = entry?.preempts.find(({ job, task }) => job === one.job && task === one.task)
  if (entry === undefined || preempted === undefined) return [one]
  if (preempted.mode === "suspend") {
    const isEndless = one.limitMs === null || entry.endMs === null
    const limitMs = isEndless ? null : one.limitMs! + entry.endMs! - entry.startMs!
    return [{ ...one, stoppedFor: preempted.for, limitMs }]
  }
  return areGone ? [] : [{ ...one, leavesMs: preempted.graceEndsMs, leavesFor: preempted.for }]
}

function waitsAfter(job: QueueJob, begun: readonly QueueEntry[], entries: readonly QueueEntry[]): readonly QueueJob[] {
  const tasks = begun.flatMap((entry) => (entry.job === job.id ? [entry.task] : []))
  const mine = entries.filter((entry) => entry.job === job.id)
  const asked = mine.filter(({ preempts }) => preempts.length > 0).map(roomOf)
  const left = withRooms(job, [...roomsLeft(job.roomAsked ?? [], begun, job.id), ...asked])
  if (tasks.length === 0) return [left]
  if (left.array === null) return []
  const indices = [...taskIndices(left.array.tasks)].filter((index) => !tasks.includes(index))
  if (indices.length === 0) return []
  const { atOnce } = left.array.tasks
  const array = readArrayTasks(`${indices.join(",")}${atOnce === null ? "" : `%${atOnce}`}`)
  return [{ ...left, array: { ...left.array, tasks: array, running: left.array.running + tasks.length } }]
}

/** Those in which none of its tasks has begun by now. */
function roomsLeft(rooms: readonly RoomAsked[], begun: readonly QueueEntry[], id: QueueJob["id"]): RoomAsked[] {
  const left = [...rooms]
  for (const { job, hosts } of begun) {
    const at = left.findIndex((room) => job === id && room.hosts.join() === hosts.join())
    if (at !== -1) left.splice(at, 1)
  }
  return left
}

function withRooms({ roomAsked: _, ...job }: QueueJob, rooms: readonly RoomAsked[]): QueueJob {
  return rooms.length === 0 ? job : { ...job, roomAsked: rooms }
}

function roomOf({ partition, hosts, startMs, endMs }: QueueEntry): RoomAsked {
  return { partition, hosts, startMs: startMs!, endMs }
}

function attemptOf({ waiting, hosts }: QueueScene, entry: QueueEntry, nowMs: number): RunningAttempt {
  const job = waiting.find(({ id }) => id === entry.job)!
  const { name, user, account, qos, alone, pieces, hasSecrets, submittedMs } = job
  const { memoryBytes, gpus, cores } = job.resources
  const { total } = hosts.find(({ id }) => id === entry.hosts[0])!
  return {
    job: job.id,
    task: entry.task,
    name,
    user,
    account,
    partition: entry.partition,
    qos,
    hosts: entry.hosts,
    hostsWanted: job.hostsWanted,
    resources: { memoryBytes: memoryBytes ?? 1, gpus: gpus ?? Math.min(1, total.gpus), cores },
    alone,
    pieces,
    hasSecrets,
    submittedMs,
    startedMs: nowMs,
    limitMs: entry.endMs === null ? null : entry.endMs - nowMs,
    leavesMs: null,
    once: false,
  }
}

/** Small pools in which some were just asked to make room for others, and are on their way out, or gone. */
export function askedScenes(): fc.Arbitrary<QueueScene> {
  return fc.tuple(preemptionScenes(), fc.boolean()).map(([scene, areGone]) => {
    const { entries } = planQueue(scene, QUEUE_NOW_MS)
    return afterPlan(scene, entries, QUEUE_NOW_MS, areGone)
  })
}
