import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { afterPlan } from "../../../test/support/asked-scenes.ts"
import { manyPreempt, preemptionScenes } from "../../../test/support/preemption-scenes.ts"
import { QUEUE_NOW_MS as NOW_MS } from "../../../test/support/queue-scenes.ts"
import type { HostId } from "../../protocol/ids.ts"
import { planQueue } from "./plan-queue.ts"
import type { QueueScene, RunningAttempt } from "./queue-scene.ts"

const MOST_PLANS = 8

/** Three ranks of which each suspends those below: who was stopped for another may be stopped once more, with that one or without. */
function suspending(scene: QueueScene): QueueScene {
  const { policy } = scene
  const preempts = new Map([
    ["urgent", ["normal", "gentle"]],
    ["normal", ["gentle"]],
  ])
  return {
    ...scene,
    policy: {
      ...policy,
      preemption: { ...policy.preemption, by: "qos", mode: "suspend", minimumRunMs: 0 },
      qos: policy.qos.map((one) => ({ ...one, preemptMode: null, preempts: preempts.get(one.name) ?? [] })),
    },
    bookings: [],
    running: scene.running.map((one) => ({ ...one, qos: "gentle", once: false, hasSecrets: false })),
    waiting: scene.waiting.map((job, at) => ({
      ...job,
      ...{ booking: null, hold: null, hasSecrets: false },
      qos: at % 2 === 0 ? "normal" : "urgent",
    })),
  }
}

/**
 * Without those that have ended, whenever that was to be. Who was stopped for one of them is so now for whom that one was in turn; for nobody, and it goes on. Of an array
 * it is the first task there.
 */
function without(scene: QueueScene, isGone: (one: RunningAttempt) => boolean): QueueScene {
  const passedOn = (one: RunningAttempt): RunningAttempt => {
    const isHere = (other: { readonly hosts: readonly HostId[] }) =>
      other.hosts.some((host) => one.hosts.includes(host))
    const runner = scene.running.find((other) => other.job === one.stoppedFor && isHere(other))
    if (runner !== undefined && isGone(runner)) return passedOn({ ...one, stoppedFor: runner.stoppedFor ?? null })
    const waits = () => scene.waiting.some(({ id, roomAsked = [] }) => id === one.stoppedFor && roomAsked.some(isHere))
    return runner !== undefined || waits() ? one : { ...one, stoppedFor: null }
  }
  return { ...scene, running: scene.running.filter((one) => !isGone(one)).map(passedOn) }
}

/** How often something that is stopped was asked for. @throws {AssertionError} where a host has less than what runs there */
function assertRoom({ hosts, running }: QueueScene): number {
  for (const { id, name, total } of hosts) {
    const here = running.filter((one) => one.hosts.includes(id))
    const atWork = here.filter(({ stoppedFor = null }) => stoppedFor === null)
    const sum = (of: readonly RunningAttempt[], what: keyof typeof total) =>
      // Who is alone there has what there is.
      of.reduce((all, { resources }) => all + Math.min(resources[what], total[what]), 0)
    const said = () => `${name}: ${here.map(({ job, stoppedFor = null }) => `${job} (${stoppedFor})`).join(", ")}`
    assert.ok(sum(atWork, "cores") <= total.cores && sum(atWork, "gpus") <= total.gpus, said())
    assert.ok(sum(here, "memoryBytes") <= total.memoryBytes, said())
  }
  return running.filter(
    (one) => running.some(({ stoppedFor = null }) => stoppedFor === one.job) && one.stoppedFor != null,
  ).length
}

test("what stands still for others has its room when it goes on, whoever of them ends first", () => {
  let [stopped, chains, moments] = [0, 0, 0]
  fc.assert(
    fc.property(fc.oneof(preemptionScenes(), manyPreempt()), fc.array(fc.nat(), { minLength: 3 }), (any, ends) => {
      const all = suspending(any)
      const ofQos = (name: string) => all.waiting.filter(({ qos }) => qos === name)
      let scene: QueueScene = { ...all, waiting: ofQos("normal") }
      for (let at = 0; at < MOST_PLANS; at++) {
        const asked = afterPlan(scene, planQueue(scene, NOW_MS, { untried: true }).entries, NOW_MS, false)
        scene = without(asked, ({ leavesMs }) => leavesMs !== null)
        const entries = planQueue(scene, NOW_MS, { untried: true }).entries.filter(
          ({ state, preempts }) => state === "start" && preempts.length === 0,
        )
        scene = afterPlan(scene, entries, NOW_MS, false)
        chains += assertRoom(scene)
        const stand = scene.running.filter(({ stoppedFor = null }) => stoppedFor !== null).length
        stopped += stand
        const atWork = scene.running.filter(({ stoppedFor = null }) => stoppedFor === null)
        const ended = atWork[ends[at % ends.length]! % Math.max(1, atWork.length)]
        if (ended === undefined) break
        scene = without(scene, (one) => one === ended)
        // They come when some are stopped for others by now.
        if (at === 0) scene = { ...scene, waiting: [...ofQos("urgent"), ...scene.waiting] }
        assertRoom(scene)
        moments++
      }
    }),
    { numRuns: 1_500 },
  )
  assert.ok(
    moments > 1_000 && stopped > 100 && chains > 10,
    `${moments} moments, ${stopped} stand still, ${chains} in turn`,
  )
})
