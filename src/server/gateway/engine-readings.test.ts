import assert from "node:assert/strict"
import { test } from "node:test"
import type { Clock } from "../../base/clock.ts"
import { EngineReadings } from "./engine-readings.ts"

function steered(): { readonly clock: Clock; pass(ms: number): void } {
  let atMs = 1_000_000
  const clock = { now: () => atMs, monotonicMs: () => atMs, sleep: async () => {} }
  return {
    clock,
    pass: (ms) => {
      atMs += ms
    },
  }
}

test("of a crash those may be the cause that were being read, or were given up a moment ago; who was answered was there", () => {
  const { clock, pass } = steered()
  const readings = new EngineReadings(clock)
  readings.begin("long gone").leave()
  pass(60_000)
  readings.begin("answered before").over()
  readings.begin("left").leave()
  readings.begin("streams").hasToken = true
  readings.begin("read")
  pass(1_500)
  const { reading, present } = readings.settle({ how: "crashed", why: "" })
  assert.deepEqual([...reading].sort(), ["left", "read"])
  assert.deepEqual([...present].sort(), ["left", "read", "streams"])
  assert.equal(readings.settle({ how: "memory", why: "" }).end.how, "crashed", "the first that is told counts")
})

test("of one that stood still those may be the cause that were there when it began to, also where they left soon after", () => {
  const { clock, pass } = steered()
  const readings = new EngineReadings(clock)
  readings.begin("gave up before").leave()
  pass(60_000)
  const impatient = readings.begin("impatient")
  readings.begin("cause")
  pass(1_000)
  impatient.leave()
  pass(60_000)
  readings.begin("came later")
  pass(60_000)
  const { reading } = readings.settle({ how: "hung", why: "", silentMs: 121_000 })
  assert.deepEqual([...reading].sort(), ["cause", "impatient"])
})

test("of one that stood still those are likely the cause that ask for the most, and the others are not blamed", () => {
  const readings = new EngineReadings(steered().clock)
  readings.begin("grammar", 2)
  readings.begin("tools", 1)
  readings.begin("words")
  readings.begin("answers", 2).hasToken = true
  const { reading, present } = readings.settle({ how: "hung", why: "" })
  assert.deepEqual([[...reading], [...present]], [["grammar"], ["grammar"]])
  const crashed = new EngineReadings(steered().clock)
  crashed.begin("grammar", 2)
  crashed.begin("words")
  assert.equal(crashed.settle({ how: "crashed", why: "" }).reading.size, 2)
})

test("of an end for other reasons nobody is the cause", () => {
  const readings = new EngineReadings(steered().clock)
  readings.begin("read")
  assert.equal(readings.settle({ how: "other", why: "" }).present.size, 0)
})
