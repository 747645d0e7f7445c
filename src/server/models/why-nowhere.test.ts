import assert from "node:assert/strict"
import { test } from "node:test"
import { ModelScene } from "../../../test/support/model-scene.ts"
import { obstaclesText } from "./plan-replica.ts"

test("who is pinned to a Mac is told what stands in the way there, and of no other", async () => {
  await using scene = await ModelScene.start()
  for (const name of ["mac1", "mac2", "mac3"]) await scene.join(name)
  for (const [name, pin] of [
    ["e1", "mac1"],
    ["one", "mac3"],
  ] as const) {
    await scene.store(name)
    await scene.serve(name, { pins: [pin], idleStopMs: 0 })
    await scene.untilState(name, "ready")
  }
  for (const name of ["mlx", "two"]) await scene.store(name)
  await scene.serve("mlx", { pins: ["mac3"] })
  const { replicas } = await scene.until("mlx", (model) => model.replicas[0]?.reason != null)
  assert.equal(replicas[0]?.reason, "it fits nowhere (mac3: one is served there)")
  await scene.serve("two", { pins: ["mac1", "mac3"] })
  const two = await scene.until("two", (model) => model.replicas[0]?.reason != null)
  assert.equal(two.replicas[0]?.reason, "it fits nowhere (mac1: e1 is served there; mac3: one is served there)")
})

test("obstacles are named once each, and not without end", () => {
  const of = (count: number, text: (at: number) => string) =>
    Array.from({ length: count }, (_, at) => ({ host: `mac${at}`, text: text(at) }))
  assert.equal(obstaclesText(of(5, () => "it is held back")), "mac0, mac1, mac2 and 2 more: it is held back")
  assert.match(obstaclesText(of(6, (at) => `m${at} is served there`)), /^mac0: m0 .*mac3: m3 .*; and 2 other reasons$/)
  const unnamed = "it is not among those that were named (--pin)"
  assert.equal(obstaclesText(of(2, (at) => (at === 0 ? unnamed : "it is off"))), "mac1: it is off")
  assert.equal(obstaclesText(of(2, () => unnamed)), `mac0, mac1: ${unnamed}`)
})
