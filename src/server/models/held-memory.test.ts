import assert from "node:assert/strict"
import { test } from "node:test"
import { type BegunHive, ModelScene, ready } from "../../../test/support/model-scene.ts"
import type { ReplicaPlan } from "../../protocol/model-api.ts"
import { nextFactor } from "./held-memory.ts"

const GIB = 1024 ** 3
const LIMITS = { restMs: 5, planAgainMs: 20 }

/** Its host ends it, as it holds so much more than it was promised. */
function breaksLease({ host, attempt }: BegunHive, times: number): void {
  const peakMemoryBytes = Math.ceil(attempt.order.lease.memoryBytes * times)
  host.finish(attempt, { cause: "out_of_memory", exitCode: null, signal: 9, peakMemoryBytes })
}

const leaseOf = ({ attempt }: BegunHive) => attempt.order.lease.memoryBytes

test("a hive that held more than was planned is given as much the next time, on the same host", async () => {
  await using scene = await ModelScene.start({ modelLimits: LIMITS })
  await scene.join("studio", { memoryBytes: 64 * GIB })
  await scene.store("tiny")
  scene.play = (hive) => {
    if (scene.hives.length < 3) breaksLease(hive, scene.hives.length === 1 ? 2 : 1.01)
    else scene.say(hive, ready())
  }
  await scene.serve("tiny")
  const { replicas } = await scene.untilState("tiny", "ready")
  const [first, second, third] = scene.hives.map(leaseOf) as [number, number, number]
  assert.ok(Math.abs(second - 2.2 * first) < 2, `${second} after ${first}`)
  // It was growing: each time at least a quarter more.
  assert.ok(Math.abs(third - 2.75 * first) < 2, `${third} after ${second}`)
  assert.equal(replicas[0]?.plan?.members[0]?.needBytes, third)
  assert.equal(replicas[0]?.leftOut, undefined)
  // Served otherwise it needs something else.
  await scene.serve("tiny", { data: null, file: null, slots: 3 })
  await scene.until("tiny", ({ state }) => state === "ready" && scene.hives.length === 4)
  assert.ok(leaseOf(scene.hives[3]!) <= first)
})

test("where that is more than any host has, it is given up, and says so", async () => {
  await using scene = await ModelScene.start({ modelLimits: LIMITS })
  await scene.join("mini", { memoryBytes: 8 * GIB })
  await scene.store("tiny")
  scene.play = (hive) => breaksLease(hive, 40)
  await scene.serve("tiny")
  const { reason } = await scene.untilState("tiny", "degraded")
  assert.match(reason ?? "", /out of memory on mini/)
  assert.equal(scene.hives.length, 1)
  scene.play = (hive) => scene.say(hive, ready())
  await scene.serve("tiny", { data: null, file: null })
  await scene.untilState("tiny", "ready")
  assert.equal(leaseOf(scene.hives[1]!), leaseOf(scene.hives[0]!))
})

test("one that was ended within its lease was in others' way: its host is left out", async () => {
  await using scene = await ModelScene.start({ modelLimits: LIMITS })
  await scene.join("mini")
  await scene.join("studio")
  await scene.store("tiny")
  scene.play = (hive) => (scene.hives.length === 1 ? breaksLease(hive, 0.5) : scene.say(hive, ready()))
  await scene.serve("tiny")
  const { replicas } = await scene.untilState("tiny", "ready")
  const [first, second] = scene.hives
  assert.notEqual(first?.host, second?.host)
  assert.deepEqual(
    replicas[0]?.leftOut?.map(({ host, what }) => [host, what]),
    [[first?.host.id, "host"]],
  )
  assert.equal(leaseOf(second!), leaseOf(first!))
})

test("what a member is given follows from what it held, whatever it was given before", () => {
  const plan = { members: [{ host: "a", needBytes: 20 }] } as unknown as ReplicaPlan
  assert.equal(nextFactor({ host: "a", heldBytes: 40 }, plan, 2, false), 4.4)
  assert.equal(nextFactor({ host: "a", heldBytes: 20 }, plan, 2, false), 2.5)
  assert.equal(nextFactor({ host: "a", heldBytes: 40 }, plan, 1, true), 2)
  assert.equal(nextFactor({ host: "a", heldBytes: 40 }, plan, 2.5, true), 2.5)
  assert.equal(nextFactor({ host: "b", heldBytes: 20 }, plan, 1, false), 1.25)
  assert.equal(nextFactor({ host: "a", heldBytes: 20 }, null, 1, false), 1.25)
})

test("what one request alone brought about enlarges nothing, and what several did no further than to twice what is reckoned", async () => {
  await using scene = await ModelScene.start({ modelLimits: LIMITS })
  await scene.join("studio", { memoryBytes: 64 * GIB })
  await scene.store("tiny")
  await scene.serve("tiny")
  await scene.untilState("tiny", "ready")
  const { script } = scene.engine
  scene.engine.script = (asked) => {
    if (!JSON.stringify(asked.body).includes("large")) return script(asked)
    asked.response.destroy()
    breaksLease(scene.hives.at(-1)!, 1.5)
  }
  const first = leaseOf(scene.hives[0]!)
  const after = async (content: string) => {
    const begun = scene.hives.length
    assert.equal((await scene.chat("tiny", { messages: [{ role: "user", content }] })).status, 503)
    const { replicas } = await scene.until("tiny", ({ state }) => state === "ready" && scene.hives.length > begun)
    return { times: leaseOf(scene.hives.at(-1)!) / first, reason: replicas[0]?.lastLoss?.reason ?? "" }
  }
  const said = /It has 2 times what is reckoned for it, and requests make that no more/
  const [one, two, three, four] = [
    await after("a large one"),
    await after("another large one"),
    await after("a third large one"),
    await after("a fourth large one"),
  ]
  assert.deepEqual(
    [one, two, three, four].map(({ times }) => Number(times.toFixed(2))),
    [1, 1.65, 2, 2],
  )
  assert.doesNotMatch(three.reason, said)
  assert.match(four.reason, said)
})
