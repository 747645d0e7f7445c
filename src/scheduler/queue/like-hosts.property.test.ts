import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { QUEUE_NOW_MS as NOW_MS, queueScenes } from "../../../test/support/queue-scenes.ts"
import type { BlobHash, HostId } from "../../protocol/ids.ts"
import { needOn } from "../../protocol/resources.ts"
import { missingBytes } from "../move.ts"
import { LikeHosts } from "./like-hosts.ts"
import { planQueue } from "./plan-queue.ts"
import type { QueueEntry, QueuePlan } from "./queue-plan.ts"
import type { QueueJob, QueueScene, RunningAttempt } from "./queue-scene.ts"

const TREES = ["one", "two"].map((root) => root as BlobHash)

/** Hosts are alike more often, and hold data that jobs ask for. */
function withData(scene: QueueScene, has: readonly number[], asks: readonly number[]): QueueScene {
  const [model] = scene.hosts
  const total = model!.total
  return {
    ...scene,
    running: scene.running.slice(0, 1),
    hosts: scene.hosts.map((host, at) => ({
      ...host,
      owner: at === 0 ? host.owner : null,
      ownerObstacles: at === 1 ? host.ownerObstacles : [],
      // Only those of the first differ, so that there are some that are alike.
      expected: at === 0 ? host.expected : [],
      prefers: at === 0 && scene.hosts.length > 3 ? host.prefers! : [],
      total,
      memoryNowBytes: total.memoryBytes,
      weight: 1,
      data: new Set(TREES.filter((_, tree) => ((has[at] ?? 0) & (1 << tree)) !== 0)),
    })),
    waiting: scene.waiting.map((job, at) => ({
      ...job,
      data: TREES.filter((_, tree) => ((asks[at] ?? 0) & (1 << tree)) !== 0).map((root) => ({
        name: root,
        root,
        bytes: 10,
      })),
    })),
  }
}

const scenes = fc
  .tuple(queueScenes(), fc.array(fc.nat(3), { maxLength: 4 }), fc.array(fc.nat(3), { maxLength: 8 }))
  .map(([scene, has, asks]) => withData(scene, has, asks))

/** As it is once all that starts runs, each where it is said. */
function started(
  scene: QueueScene,
  { entries }: QueuePlan,
  where: ReadonlyMap<QueueEntry, readonly HostId[]>,
): QueueScene {
  const starts = entries.filter((entry) => where.has(entry))
  const running = starts.map((entry): RunningAttempt => {
    const job = jobOf(scene, entry)
    const hosts = where.get(entry)!
    const resources = needOn(job.resources, scene.hosts.find(({ id }) => id === hosts[0])!.total)
    const { task, partition } = entry
    return {
      ...job,
      job: job.id,
      task,
      partition,
      hosts,
      resources,
      startedMs: NOW_MS,
      limitMs: job.limitMs,
      leavesMs: null,
    }
  })
  const ids = new Set<number>(starts.map(({ job }) => job))
  return {
    ...scene,
    running: [...scene.running, ...running],
    waiting: scene.waiting.filter(({ id, array }) => array === null && !ids.has(id)),
  }
}

function jobOf({ waiting }: QueueScene, { job }: QueueEntry): QueueJob {
  return waiting.find(({ id }) => id === job)!
}

const startsIn = ({ entries }: QueuePlan) =>
  entries.filter(({ state, preempts }) => state === "start" && preempts.length === 0)

describe("LikeHosts of any plan", () => {
  it("changes where jobs start, and nothing else: all others have the same times and reasons then", () => {
    let exchanged = 0
    fc.assert(
      fc.property(scenes, (scene) => {
        const plan = planQueue(scene, NOW_MS)
        const like = new LikeHosts(scene)
        const planned = new Map(startsIn(plan).map((entry) => [entry, entry.hosts]))
        const taken = new Map(startsIn(plan).map((entry) => [entry, like.hostsFor(jobOf(scene, entry), entry.hosts)]))
        if (startsIn(plan).some((entry) => taken.get(entry)![0] !== entry.hosts[0])) exchanged++
        const next = (where: ReadonlyMap<QueueEntry, readonly HostId[]>) =>
          planQueue(started(scene, plan, where), NOW_MS).entries.map(({ job, state, startMs, reason }) => ({
            job,
            state,
            startMs,
            code: reason?.code,
          }))
        assert.deepEqual(next(taken), next(planned))
      }),
      { numRuns: 1_000 },
    )
    assert.ok(exchanged > 0)
  })

  it("never brings more data to hosts than the plan would, for the first that starts", () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        const [first] = startsIn(planQueue(scene, NOW_MS))
        if (first === undefined) return
        const job = jobOf(scene, first)
        const bytes = (id: HostId | undefined) => missingBytes(job.data, scene.hosts.find((host) => host.id === id)!)
        const [taken] = new LikeHosts(scene).hostsFor(job, first.hosts)
        assert.ok(bytes(taken) <= bytes(first.hosts[0]))
      }),
      { numRuns: 300 },
    )
  })
})

it("takes the idle host that has the data, of those that are alike", () => {
  const [scene] = fc.sample(
    queueScenes().filter(({ hosts }) => hosts.length === 3),
    { numRuns: 1, seed: 1 },
  )
  const host = {
    ...scene!.hosts[0]!,
    ownerObstacles: [],
    owner: null,
    draining: false,
    users: null,
    expected: [],
    prefers: [],
  }
  const ids = ["a", "b", "c"] as HostId[]
  const hosts = ids.map((id) => ({ ...host, id, name: id, data: new Set(id === "b" ? TREES : []) }))
  const job = {
    ...fc.sample(
      queueScenes().filter(({ waiting }) => waiting.length > 0),
      { numRuns: 1, seed: 1 },
    )[0]!.waiting[0]!,
    data: [{ name: "set", root: TREES[0]!, bytes: 7 }],
  }
  const plain = { ...scene!, hosts, running: [], bookings: [], waiting: [job] }
  const [a, b, c] = ids
  assert.deepEqual(new LikeHosts(plain).hostsFor(job, [a!]), [b])
  // What starts next in the plan on the one that was given away is on the other one.
  const like = new LikeHosts(plain)
  assert.deepEqual([like.hostsFor(job, [a!]), like.hostsFor(job, [b!]), like.hostsFor(job, [c!])], [[b], [a], [c]])
  // One that is named is nobody's to exchange.
  const wanting = { ...job, hostsWanted: ["b"] }
  assert.deepEqual(new LikeHosts({ ...plain, waiting: [wanting] }).hostsFor(wanting, [a!]), [a])
})
