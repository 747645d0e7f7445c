import assert from "node:assert/strict"
import { test } from "node:test"
import { NO_VITALS, type Vitals } from "../protocol/vitals.ts"
import { VitalsTeller } from "./vitals-teller.ts"

const NEVER = 3_600_000

function teller(pace: { readonly idleMs: number; readonly busyMs: number }, look: () => Promise<Vitals>) {
  const told: Vitals[] = []
  let heard = Promise.withResolvers<void>()
  const one = new VitalsTeller(
    look,
    (vitals) => {
      told.push(vitals)
      heard.resolve()
      heard = Promise.withResolvers()
    },
    pace,
  )
  const until = async (count: number) => {
    while (told.length < count) await heard.promise
  }
  // Its timers keep no process alive.
  const alive = setInterval(() => {}, 1_000)
  const end = () => {
    one.stop()
    clearInterval(alive)
  }
  return { one, told, until, [Symbol.dispose]: end }
}

test("a server that comes is told at once, and then at the pace of what runs", async () => {
  let looks = 0
  using t = teller({ idleMs: NEVER, busyMs: 1 }, async () => ({ ...NO_VITALS, load: ++looks }))
  t.one.begin()
  await t.until(1)
  t.one.busy = true
  await t.until(4)
  assert.deepEqual(
    t.told.slice(0, 4).map(({ load }) => load),
    [1, 2, 3, 4],
  )
})

test("a look that fails once is made again", async () => {
  let looks = 0
  using t = teller({ idleMs: 1, busyMs: 1 }, async () => {
    if (++looks < 3) throw new Error("no such command")
    return NO_VITALS
  })
  t.one.begin()
  await t.until(1)
  assert.ok(looks >= 3)
})

test("who has stopped looks no more, also where a look was under way", async () => {
  const look = Promise.withResolvers<Vitals>()
  let looks = 0
  using t = teller({ idleMs: 1, busyMs: 1 }, () => {
    looks++
    return look.promise
  })
  t.one.begin()
  while (looks === 0) await new Promise(setImmediate)
  t.one.stop()
  look.resolve(NO_VITALS)
  await t.until(1)
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(looks, 1)
  t.one.begin()
  await t.until(2)
})

test("what has changed much is told at once, but not before the beginning", async () => {
  let looks = 0
  using t = teller({ idleMs: NEVER, busyMs: NEVER }, async () => ({ ...NO_VITALS, load: ++looks }))
  t.one.again()
  assert.equal(looks, 0)
  t.one.begin()
  await t.until(1)
  t.one.again()
  await t.until(2)
  assert.deepEqual(
    t.told.map(({ load }) => load),
    [1, 2],
  )
})
