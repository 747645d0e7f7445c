import assert from "node:assert/strict"
import { test } from "node:test"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { BlamedRequests } from "./blamed-requests.ts"
import { EngineReadings } from "./engine-readings.ts"

const HUNG = { how: "hung", why: "no token came" } as const

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
  const next = engine()
  for (const digest of ["same", "other"]) next.begin(digest)
  next.settle(HUNG)
  await next.untilEnd
  assert.deepEqual([isRefused("same"), isRefused("other")], [true, false], "a second time, and no first one")
})

test("who waited to be tried alone goes on with all others once the same request was answered", async () => {
  const { engine, blamed } = scene()
  const one = engine()
  for (const digest of ["same", "other"]) one.begin(digest)
  one.settle(HUNG)
  await one.untilEnd
  const how = { weight: 0, stream: true, signal: new AbortController().signal }
  const first = await blamed.apart("m", "same", how)
  const waits = blamed.apart("m", "same", how)
  blamed.clear("m", "same")
  first!.over()
  assert.equal(await waits, undefined)
})
