import assert from "node:assert/strict"
import { test } from "node:test"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { BlamedRequests } from "./blamed-requests.ts"
import { EngineReadings } from "./engine-readings.ts"
import { keepFromOthers } from "./keep-from-others.ts"
import type { Replica, ServedModel } from "./served-models.ts"

const HUNG = { how: "hung", why: "no token came" } as const
const CRASHED = { how: "crashed", why: "its head was ended by SIGSEGV" } as const

const SERVED = { replicas: [], problem: null } as unknown as ServedModel

function scene() {
  const clock = new MovedClock()
  const blamed = new BlamedRequests(clock)
  return {
    clock,
    blamed,
    engine() {
      const readings = new EngineReadings(clock)
      blamed.follow("m", readings)
      return readings
    },
    isRefused(digest: string): boolean {
      try {
        blamed.refuse("m", digest)
        return false
      } catch {
        return true
      }
    },
  }
}

test("the same request at several engines at once, which others had stand still, has been tried once", async () => {
  const { clock, engine, isRefused } = scene()
  const engines = [engine(), engine(), engine()]
  for (const [at, one] of engines.entries()) for (const digest of ["same", `deadly ${at}`]) one.begin(digest)
  clock.advance(120_000)
  for (const one of engines) {
    one.settle(HUNG)
    await one.untilEnd
    clock.advance(1)
  }
  assert.equal(isRefused("same"), false)
  for (const digest of ["same", "other"]) {
    const next = engine()
    next.begin(digest)
    next.settle(CRASHED)
    await next.untilEnd
  }
  assert.deepEqual([isRefused("same"), isRefused("other")], [true, false], "a second time, and no first one")
})

test("with several there twice nobody is known to be it; where one alone is read at the second end the others count no further", async () => {
  const { engine, isRefused, blamed } = scene()
  const end = async (answered: readonly string[], read: readonly string[]) => {
    const one = engine()
    for (const digest of answered) one.begin(digest).token()
    for (const digest of read) one.begin(digest)
    one.settle(CRASHED)
    await one.untilEnd
    const told = { name: "m", blamed, signal: new AbortController().signal }
    return { isOfAnother: () => keepFromOthers({ readings: one } as unknown as Replica, { ...told, digest: "honest" }) }
  }
  const refused = () => ["honest", "deadly", "stranger"].filter(isRefused)
  await end([], ["honest", "deadly", "more"])
  const unknown = await end([], ["honest", "deadly"])
  assert.deepEqual(refused(), [])
  assert.equal(await unknown.isOfAnother(), false)
  const known = await end(["honest"], ["deadly"])
  assert.deepEqual(refused(), ["deadly"])
  assert.equal(await known.isOfAnother(), true, "that is none of the tries it has")
  await end(["honest"], ["stranger"])
  assert.deepEqual(refused(), ["honest", "deadly"], "the third at which it may have been it")
})

test("one alone that was answering is not tried again after the second end; with others there, after the third", async () => {
  const { engine, isRefused } = scene()
  const end = async (...answered: string[]) => {
    const one = engine()
    for (const digest of answered) one.begin(digest).token()
    one.settle(HUNG)
    await one.untilEnd
    return answered.map(isRefused)
  }
  assert.deepEqual(await end("alone"), [false])
  assert.deepEqual(await end("alone"), [true])
  for (const _ of [1, 2]) assert.deepEqual(await end("one", "other"), [false, false])
  assert.deepEqual(await end("one", "third"), [true, false])
})

test("companions that leave let nobody go on for ever", async () => {
  const { clock, engine, isRefused } = scene()
  for (const isOver of [false, false, true]) {
    const one = engine()
    const companion = one.begin(`companion ${clock.monotonicMs()}`)
    companion.leave()
    one.begin("deadly")
    clock.advance(120_000)
    one.settle({ ...HUNG, silentMs: 120_000 })
    await one.untilEnd
    assert.equal(isRefused("deadly"), isOver)
  }
})

test("who waited to be tried alone goes on with all others once the same request was answered, or the model is stopped", async () => {
  const { engine, blamed } = scene()
  const one = engine()
  for (const digest of ["same", "other"]) one.begin(digest)
  one.settle(HUNG)
  await one.untilEnd
  const how = { weight: 0, stream: true, signal: new AbortController().signal }
  const first = await blamed.apart("m", "same", { ...how, model: () => SERVED })
  const waits = blamed.apart("m", "same", { ...how, model: () => SERVED })
  blamed.clear("m", "same")
  assert.equal(await waits, undefined)
  let model: ServedModel | undefined = SERVED
  const other = blamed.apart("m", "other", { ...how, model: () => model })
  model = undefined
  blamed.look("m")
  await other
  first!.over()
})
