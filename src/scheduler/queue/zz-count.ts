import assert from "node:assert/strict"
import fc from "fast-check"
import { anyQueueScenes, MINUTE_MS, QUEUE_NOW_MS, queueScenes } from "../../../test/support/queue-scenes.ts"
import type { Limits } from "../limits/limits.ts"
import { readArrayTasks, taskIndices } from "../request/array-tasks.ts"
import { planQueue } from "./plan-queue.ts"
import type { QueueEntry, QueuePlan } from "./queue-plan.ts"
import type { QueueJob, QueueScene, RunningAttempt } from "./queue-scene.ts"

const MOST_PLANS = 12
/** A full minute: else each job that follows another one may be a step of the grid late. */
const NOW_MS = QUEUE_NOW_MS - (QUEUE_NOW_MS % MINUTE_MS)

/** As all starts that the plan has now are made. */
function afterStarts(scene: QueueScene, starts: readonly QueueEntry[], nowMs: number): QueueScene {
  const jobs = new Map(scene.waiting.map((job) => [job.id, job]))
  const begun = starts.map((entry) => attemptOf(jobs.get(entry.job)!, entry, nowMs))
  const waiting = scene.waiting.flatMap((job): QueueJob[] => {
    const mine = starts.filter((entry) => entry.job === job.id)
    if (mine.length === 0) return [job]
    if (job.array === null) return []
    const left = [...taskIndices(job.array.tasks)].filter((task) => mine.every((entry) => entry.task !== task))
    if (left.length === 0) return []
    const { atOnce } = job.array.tasks
    const tasks = readArrayTasks(`${left.join(",")}${atOnce === null ? "" : `%${atOnce}`}`)
    return [{ ...job, array: { ...job.array, tasks, running: job.array.running + mine.length } }]
  })
  return { ...scene, waiting, running: [...scene.running, ...begun] }
}

function attemptOf(job: QueueJob, { task, hosts, partition, endMs }: QueueEntry, nowMs: number): RunningAttempt {
  const { name, user, account, qos, resources, alone, pieces, hasSecrets, submittedMs } = job
  const { memoryBytes, gpus, cores } = resources
  const held = { memoryBytes: memoryBytes ?? 1, gpus: gpus ?? 1, cores }
  const who = { job: job.id, task, name, user, account, qos, partition, hosts }
  const what = {
    resources: held,
    alone,
    pieces,
    hasSecrets,
    submittedMs,
    startedMs: nowMs,
    leavesMs: null,
    once: false,
  }
  return { ...who, ...what, limitMs: endMs === null ? null : endMs - nowMs }
}

/** As all are gone whose time is over. */
function afterEnds(scene: QueueScene, nowMs: number): QueueScene {
  const isOver = ({ startedMs, limitMs }: RunningAttempt) => limitMs !== null && startedMs + limitMs <= nowMs
  const ended = scene.running.filter(isOver)
  const waiting = scene.waiting.map((job) => {
    const fewer = ended.filter((one) => one.job === job.id).length
    return job.array === null || fewer === 0
      ? job
      : { ...job, array: { ...job.array, running: job.array.running - fewer } }
  })
  return { ...scene, waiting, running: scene.running.filter((one) => !isOver(one)) }
}

/** GPUs are asked for by number, owners are never there, nobody preempts or is on the way out, all have time limits. */
function calm(scene: QueueScene, limits: Limits): QueueScene {
  return {
    ...scene,
    policy: {
      ...scene.policy,
      backfill: { ...scene.policy.backfill, enabled: true, depth: 500, windowMs: 10_000 * MINUTE_MS },
      preemption: { ...scene.policy.preemption, by: "off" },
      owners: { ...scene.policy.owners, first: true, preempt: false },
      limits,
    },
    running: scene.running.map(staysOn),
    bookings: scene.bookings.map((one) => ({
      ...one,
      startMs: one.startMs - (one.startMs % MINUTE_MS),
      endMs: one.endMs - (one.endMs % MINUTE_MS),
    })),
    hosts: scene.hosts.map((host) => ({ ...host, ownerObstacles: [], expected: [] })),
    waiting: scene.waiting.map((job) => ({
      ...job,
      resources: { ...job.resources, gpus: job.resources.gpus ?? 0 },
      limitMs: job.limitMs ?? 90 * MINUTE_MS,
    })),
  }
}

function staysOn({ leavesFor: _, ...one }: RunningAttempt): RunningAttempt {
  return {
    ...one,
    startedMs: one.startedMs - (one.startedMs % MINUTE_MS),
    leavesMs: null,
    limitMs: one.limitMs ?? 300 * MINUTE_MS,
  }
}

/**
 * As time goes on, from one end or start to the next.
 * @param holds whether what a plan says goes for later, and what was said before for it
 * @param check what was promised earlier, by job and task, in the plan of a moment
 */
function live(
  first: QueueScene,
  holds: (plan: QueuePlan) => boolean,
  check: (key: string, entry: QueueEntry | undefined, latestMs: number) => void,
): void {
  let scene = first
  let nowMs = NOW_MS
  const promised = new Map<string, number>()
  for (let at = 0; at < MOST_PLANS; at++) {
    const plan = planQueue(scene, nowMs)
    const { entries } = plan
    if (!holds(plan)) promised.clear()
    for (const [key, latestMs] of promised) {
      const [job, task] = key.split(" ")
      const entry = entries.find((one) => `${one.job}` === job && (one.task === null || `${one.task}` === task))
      check(key, entry, latestMs)
    }
    const starts = entries.filter(({ state }) => state === "start")
    for (const { job, task } of starts) promised.delete(`${job} ${task}`)
    if (holds(plan))
      for (const { job, task, state, startMs, behind } of entries)
        if (state === "reserved" && behind === null && !promised.has(`${job} ${task}`))
          promised.set(`${job} ${task}`, startMs!)
    scene = afterStarts(scene, starts, nowMs)
    const ends = scene.running.flatMap(({ startedMs, limitMs }) => (limitMs === null ? [] : startedMs + limitMs))
    const begins = entries.flatMap(({ state, startMs }) => (state === "reserved" ? [startMs!] : []))
    const next = [...ends, ...begins].filter((ms) => ms > nowMs)
    if (next.length === 0) break
    nowMs = Math.min(...next)
    scene = afterEnds(scene, nowMs)
  }
}

const U = ["ann", "bob", "cyd"]
const E = process.env
const mod = (s: any) => {
  let waiting = s.waiting
  if (E.NOARR) waiting = waiting.filter((j: any) => j.array === null)
  if (E.ONE) waiting = waiting.map((j: any) => ({ ...j, hosts: 1 }))
  if (E.WANT)
    waiting = waiting.map((j: any) =>
      j.hosts === 1 && (j.id * 7 + j.limitMs / 60000) % 3 === 0
        ? { ...j, hostsWanted: [s.hosts[j.id % s.hosts.length].id] }
        : j,
    )
  if (E.EXCL) waiting = waiting.map((j: any) => ({ ...j, alone: true }))
  const hosts = E.OWN
    ? s.hosts.map((h: any, at: number) => ({ ...h, owner: U[(at + s.waiting.length) % 3] }))
    : E.NOOWN
      ? s.hosts.map((h: any) => ({ ...h, owner: null }))
      : s.hosts
  return { ...s, waiting, hosts }
}
const N = Number(E.N),
  seed = Number(E.SEED ?? 1)
let bad = 0,
  plans = 0,
  promisedCount = 0
const first: string[] = []
for (const [scene, most, isOfCores] of fc.sample(
  fc.tuple(queueScenes(), fc.option(fc.integer({ min: 1, max: 3 }), { freq: E.LIMITS ? 5 : 1 }), fc.boolean()),
  { numRuns: N, seed },
)) {
  const user = isOfCores ? { resources: { cpu: (most ?? 0) + 2 } } : { runningJobs: most ?? 0 }
  const it = mod(calm(scene, most === null || E.NOLIM ? {} : { user }))
  try {
    live(
      it,
      (plan) => {
        plans++
        promisedCount += plan.entries.filter((e) => e.state === "reserved" && e.behind === null).length
        return E.EXC ? plan.otherTurns.size === 0 : true
      },
      (key, entry, latestMs) => {
        assert.ok(entry !== undefined, `job ${key} is gone`)
        assert.ok(entry.startMs !== null, `job ${key} lost its time`)
        assert.ok(entry.startMs <= latestMs, `job ${key} is late ${(entry.startMs - latestMs) / 60000} min`)
      },
    )
  } catch (e) {
    bad++
    first.push(
      String(it.waiting.length * 10 + it.hosts.length).padStart(4) +
        " " +
        (e as Error).message.split("\n")[0] +
        " limits " +
        most,
    )
    if (E.DUMP)
      (await import("node:fs")).writeFileSync(
        `/tmp/own6/bad-${bad}.json`,
        JSON.stringify({ scene: it, most }, (k, v) => (v instanceof Set ? [...v] : v instanceof Map ? [...v] : v)),
      )
  }
}
console.log("bad", bad, "of", N, "plans", plans, "promised", promisedCount)
console.log(JSON.stringify((globalThis as any).passes))
console.log(first.sort().slice(0, 4).join("\n"))
