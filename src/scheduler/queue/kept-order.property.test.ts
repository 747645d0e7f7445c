import assert from "node:assert/strict"
import { it } from "node:test"
import fc from "fast-check"
import { anyQueueScenes, QUEUE_NOW_MS as NOW_MS } from "../../../test/support/queue-scenes.ts"
import type { JobId } from "../../protocol/ids.ts"
import { Eligibility } from "./eligible.ts"
import { KeptOrder } from "./kept-order.ts"
import { type Line, Lines } from "./line.ts"
import { planStarts, startsOf } from "./next-start.ts"
import { orderQueue, QueueOrder } from "./order-queue.ts"
import { planQueue } from "./plan-queue.ts"
import type { QueueEntry } from "./queue-plan.ts"
import type { QueueScene } from "./queue-scene.ts"
import { Standings } from "./standings.ts"

/** One thing after the other that happens to a pool. */
const steps = fc.array(
  fc.record({
    laterMs: fc.constantFrom(0, 1, 900, 12_000, 31_000, -5_000),
    what: fc.constantFrom("nothing", "ended", "left", "came", "changed", "shares", "host", "starts"),
    which: fc.nat(20),
  }),
  { maxLength: 12 },
)
type What = "nothing" | "ended" | "left" | "came" | "changed" | "shares" | "host" | "starts"

function after(scene: QueueScene, spare: QueueScene, what: What, which: number, at: number): QueueScene {
  const { waiting, running, hosts, fairShares } = scene
  const without = <T>(all: readonly T[]) => all.filter((_, index) => index !== which % Math.max(1, all.length))
  const job = waiting[which % Math.max(1, waiting.length)]
  switch (what) {
    case "nothing":
      return scene
    case "ended":
      return { ...scene, running: without(running) }
    case "left":
      return { ...scene, waiting: without(waiting) }
    case "came": {
      const found = spare.waiting[which % Math.max(1, spare.waiting.length)]
      if (found === undefined) return scene
      return { ...scene, waiting: [{ ...found, id: (1_000 + at) as JobId }, ...waiting] }
    }
    case "changed":
      return job === undefined
        ? scene
        : { ...scene, waiting: [...without(waiting), { ...job, nice: job.nice - which }] }
    case "shares":
      return { ...scene, fairShares: new Map([...fairShares].map(([who, share]) => [who, share / 2])) }
    case "host":
      return { ...scene, hosts: hosts.length > 1 ? without(hosts) : hosts }
    case "starts": {
      const started = new Set(planQueue(scene, NOW_MS).entries.flatMap((one) => (one.state === "start" ? one.job : [])))
      return { ...scene, waiting: waiting.filter(({ id }) => !started.has(id)) }
    }
  }
}

/** Some go by their factors, and some wait in two partitions. */
function varied(scene: QueueScene): QueueScene {
  const waiting = scene.waiting.map((job, at) => ({
    ...job,
    partitions: at % 3 === 0 ? ["apple_gpu", "hi"] : job.partitions,
    priority: at % 4 === 0 ? job.priority : null,
    accruesSinceMs: NOW_MS - at * 7_000_000,
  }))
  return {
    ...scene,
    waiting,
    fairShares: new Map([
      ["default/ann", 0.5],
      ["default/bob", 0.1],
    ]),
  }
}

/** Made anew, with the priorities of another moment. */
function orderAnew(scene: QueueScene, nowMs: number, reckonedMs: number): readonly Line[] {
  const eligibility = new Eligibility(scene, nowMs)
  const ready = scene.waiting.filter((job) => eligibility.reasonOf(job) === null)
  return new Lines(scene, new Standings(scene.policy), reckonedMs).inOrder(ready)
}

/** With where the first stands that asks alike, in place of numbers that hang on who came first. */
const withFirstAlike = (lines: readonly Line[]) =>
  lines.map((line) => ({
    ...line,
    asking: { ...line.asking, index: lines.findIndex(({ asking }) => asking === line.asking) },
  }))

/** On hosts with a GPU and without, from each line on, and beyond the last. */
const leastOf = ({ least, lines }: QueueOrder) =>
  [0, 1].map((gpus) => Array.from({ length: lines.length + 1 }, (_, at) => least.from(at, { gpus })))

const brief = (all: readonly QueueEntry[]) =>
  all
    .filter(({ state, preempts }) => state === "start" || preempts.length > 0)
    .map(({ job, task, partition, hosts, preempts, startMs }) => ({ job, task, partition, hosts, preempts, startMs }))

type Brief = ReturnType<typeof brief>[number]

/** Tasks of an array that begin at once in two partitions are alike: which of them goes where is not said. */
const withoutTasks = (all: readonly Brief[]) =>
  all.map((one) => ({ ...one, task: null })).sort((a, b) => a.job - b.job || `${a.hosts}`.localeCompare(`${b.hosts}`))
const tasksOf = (all: readonly Brief[]) =>
  all.map(({ job, task }) => [job, task ?? 0] as const).sort((a, b) => a[0] - b[0] || a[1] - b[1])

it("keeps the order through any history as it would be made anew, and starts by it what the whole plan starts", () => {
  fc.assert(
    fc.property(
      anyQueueScenes().map(varied),
      anyQueueScenes().map(varied),
      steps,
      fc.nat(3),
      (first, spare, history, lane) => {
        const kept = new KeptOrder()
        const shortLane = lane === 0 ? { longestMs: 1_800_000, runningPerUser: 1, interactiveOnly: false } : null
        const weights = { ...first.policy.priority.weights, age: 1_000_000, fairShare: 500, size: 100 }
        const policy = { ...first.policy, shortLane, priority: { ...first.policy.priority, weights } }
        let scene: QueueScene = { ...first, policy }
        let nowMs = NOW_MS
        for (const [at, { laterMs, what, which }] of history.entries()) {
          nowMs += laterMs
          scene = after(scene, spare, what, which, at)
          const order = kept.orderOf(scene, nowMs)
          assert.ok(kept.reckonedMs <= nowMs && nowMs < kept.reckonedMs + 30_000)
          assert.deepEqual(withFirstAlike(order.lines), withFirstAlike(orderAnew(scene, nowMs, kept.reckonedMs)))
          assert.deepEqual(leastOf(order), leastOf(new QueueOrder(order.standings, order.lines)))
          assert.equal(order.lastInSeveral, new QueueOrder(order.standings, order.lines).lastInSeveral)
          const starts = brief(planStarts(scene, order, nowMs))
          const byNow = orderQueue(scene, nowMs)
          if (
            order.lines.every(
              ({ spec, priority }, line) =>
                spec === byNow.lines[line]!.spec && priority === byNow.lines[line]!.priority,
            )
          ) {
            const whole = brief(planQueue(scene, nowMs).entries)
            assert.deepEqual(withoutTasks(starts), withoutTasks(whole))
            assert.deepEqual(tasksOf(starts), tasksOf(whole))
          }
          // Whoever has no time for all of it has the first of it.
          let asked = 0
          const some = [...startsOf(scene, order, nowMs, null, () => asked++ < which % 4)]
          assert.deepEqual(brief(some), starts.slice(0, some.length))
        }
      },
    ),
    { numRuns: 300 },
  )
})
