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
  readings.begin("streams").token()
  readings.begin("read")
  pass(1_500)
  const { only, present } = readings.settle({ how: "crashed", why: "" })
  assert.deepEqual([...present.keys()].sort(), ["left", "read", "streams"])
  assert.equal(only, null)
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
  const { present } = readings.settle({ how: "hung", why: "", silentMs: 121_000 })
  assert.deepEqual([...present.keys()].sort(), ["cause", "impatient"])
})

test("of one that stood still all may be the cause that it was reading; who had a token only where it read nothing", () => {
  const readings = new EngineReadings(steered().clock)
  readings.begin("grammar")
  readings.begin("words")
  readings.begin("answers").token()
  assert.deepEqual([...readings.settle({ how: "hung", why: "" }).present.keys()], ["grammar", "words"])
  const alone = new EngineReadings(steered().clock)
  alone.begin("answers").token()
  const { present, only, isCertain } = alone.settle({ how: "hung", why: "" })
  assert.deepEqual([[...present.keys()], only, isCertain], [["answers"], "answers", false])
})

const LONG_MS = 3_600_000

test("one is read alone once all that are read have a token, are over or have been there for long; until it is opened nobody else comes, also where its wait ends", async () => {
  const { clock, pass } = steered()
  const { signal } = new AbortController()
  const readings = new EngineReadings(clock)
  const [first, second, third] = ["first", "second", "third"].map((digest) => readings.begin(digest))
  let isAlone = false
  const closed = readings.close(LONG_MS, signal).then((closure) => {
    isAlone = true
    return closure
  })
  const settled = () => new Promise(setImmediate)
  for (const step of [() => first!.token(), () => second!.leave(), () => third!.over()]) {
    await settled()
    assert.deepEqual([isAlone, readings.isClosed], [false, true])
    step()
  }
  const closure = await closed
  closure.doubt()
  assert.deepEqual([readings.isClosed, readings.isDoubtful], [false, true])
  for (const _ of [1, 2]) closure.open()
  assert.deepEqual([readings.isClosed, readings.isDoubtful], [false, false])
  readings.begin("read")
  const leaving = new AbortController()
  const waits = readings.close(LONG_MS, leaving.signal)
  leaving.abort(new Error("the client left"))
  await assert.rejects(waits, /the client left/)
  assert.equal(readings.isClosed, false)
  pass(LONG_MS)
  ;(await readings.close(LONG_MS, signal)).open()
  readings.begin("another")
  const ended = readings.close(LONG_MS, signal)
  readings.settle({ how: "hung", why: "" })
  ;(await ended).open()
})

test("it is known which it was where one alone was read, and for certain where an engine stood still and was answering none that is held to a shape", () => {
  const found = (how: "hung" | "crashed", ...begin: ((readings: EngineReadings) => void)[]) => {
    const readings = new EngineReadings(steered().clock)
    for (const each of begin) each(readings)
    const { only, isCertain } = readings.settle({ how, why: "" })
    return [only, isCertain]
  }
  const read = (readings: EngineReadings) => void readings.begin("read")
  const answers = (readings: EngineReadings) => readings.begin("answers").token()
  const shape = (readings: EngineReadings) => readings.begin("shape", true).token()
  const other = (readings: EngineReadings) => void readings.begin("other")
  assert.deepEqual(found("hung", read), ["read", true])
  assert.deepEqual(found("hung", read, read), ["read", true], "the same twice is one")
  assert.deepEqual(found("hung", read, answers), ["read", true])
  assert.deepEqual(found("hung", read, shape), ["read", false])
  assert.deepEqual(found("hung", read, other), [null, false])
  assert.deepEqual(found("hung", answers, shape), [null, false])
  assert.deepEqual(found("crashed", read, answers), ["read", false], "an engine may crash of itself")
  assert.deepEqual(found("hung", answers), ["answers", false])
  assert.deepEqual(found("crashed", answers), [null, false])
})

test("who came after one had left, of which it may have stood still already, is not it where that one was alone before; nothing of that is certain", () => {
  const { clock, pass } = steered()
  const readings = new EngineReadings(clock)
  const left = readings.begin("left")
  pass(2_000)
  left.leave()
  pass(1)
  readings.begin("after")
  pass(119_000)
  const { only, isCertain, present } = readings.settle({ how: "hung", why: "", silentMs: 120_000 })
  assert.deepEqual([only, isCertain, [...present.keys()].sort()], ["left", false, ["after", "left"]])
})

test("what was taken to be answered before is not the cause; what was only after it had the engine stand still may be", () => {
  const { clock, pass } = steered()
  const readings = new EngineReadings(clock)
  const before = readings.begin("before")
  pass(30_000)
  before.token()
  const cause = readings.begin("cause")
  pass(30_000)
  cause.token()
  pass(90_000)
  const { only, isCertain, present } = readings.settle({ how: "hung", why: "", silentMs: 120_000 })
  assert.deepEqual([only, isCertain, [...present.keys()]], ["cause", true, ["cause"]])
})

test("of an end for other reasons nobody is the cause", () => {
  const readings = new EngineReadings(steered().clock)
  readings.begin("read")
  assert.equal(readings.settle({ how: "other", why: "" }).present.size, 0)
})
