import assert from "node:assert/strict"
import { test } from "node:test"
import { OneAtATime } from "./one-at-a-time.ts"

test("one goes at a time, of those that wait the lightest, of several the first; who leaves the line is not waited for", async () => {
  const line = new OneAtATime(1)
  const went: string[] = []
  const { signal } = new AbortController()
  const leaving = new AbortController()
  const enter = async (name: string, weight: number, until = signal) => {
    const leave = await line.enter(weight, () => false, until)
    went.push(name)
    return leave
  }
  const heavy = enter("heavy", 2)
  const gone = enter("gone", 0, leaving.signal)
  const light = [enter("light", 0), enter("second", 0)]
  leaving.abort(new Error("gone"))
  await assert.rejects(gone, /gone/)
  const leave = await light[0]!
  assert.deepEqual(went, ["light"])
  for (const _ of [1, 2]) leave()
  const second = await light[1]!
  await new Promise(setImmediate)
  assert.deepEqual(went, ["light", "second"], "one who leaves twice lets one go on")
  second()
  ;(await heavy)()
  ;(await enter("later", 2))()
  assert.deepEqual(went, ["light", "second", "heavy", "later"])
})

test("nobody goes on while it rests", async () => {
  const line = new OneAtATime(1)
  const { signal } = new AbortController()
  const leave = await line.enter(0, () => false, signal)
  let isNext = false
  const next = line
    .enter(0, () => false, signal)
    .then(() => {
      isNext = true
    })
  line.rest(3_600_000)
  leave()
  await new Promise(setImmediate)
  assert.equal(isNext, false)
  line.rest(0)
  await next
  // Also where it is empty meanwhile.
  const empty = new OneAtATime(0)
  empty.rest(3_600_000)
  let isIn = false
  const enters = empty
    .enter(0, () => false, signal)
    .then(() => {
      isIn = true
    })
  await new Promise((later) => setTimeout(later, 20))
  assert.equal(isIn, false)
  empty.rest(0)
  await enters
})

test("who need not wait any longer goes at once, and lets nobody else go on", async () => {
  const line = new OneAtATime(1)
  const { signal } = new AbortController()
  let isFree = false
  const leave = await line.enter(0, () => false, signal)
  const freed = line.enter(0, () => isFree, signal)
  let isNext = false
  const next = line
    .enter(0, () => false, signal)
    .then(() => {
      isNext = true
    })
  line.look()
  isFree = true
  line.look()
  ;(await freed)()
  await new Promise(setImmediate)
  assert.equal(isNext, false)
  leave()
  await next
})
