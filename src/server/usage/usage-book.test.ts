import assert from "node:assert/strict"
import { test } from "node:test"
import { ANN, BEGIN_MS, interval, MINUTE_MS, RULES, sorted, UsageScene } from "../../../test/support/usage-scene.ts"
import type { AttemptId } from "../../protocol/ids.ts"
import { amountKey, leafText, runsBetween } from "../../scheduler/share/usage-periods.ts"

test("a period is charged once, with a row that says what it added, and a new process goes on from there", () => {
  using scene = new UsageScene()
  scene.rules = { ...RULES, halfLifeS: 0 }
  scene.change(() => scene.put(interval({})))
  scene.nowMs += 12 * MINUTE_MS
  scene.change(() => {})
  const units = () => scene.book.sums.get(amountKey(ANN, "units"))
  assert.equal(units(), 2 * 600)
  scene.reopen()
  scene.change(() => {})
  assert.equal(units(), 2 * 600)
  const rows = scene.store.recentCharges()
  assert.deepEqual(
    rows.map(({ leaf, charged, sum }) => [leaf, charged.units, sum.units]),
    [
      [leafText(ANN), 600, 600],
      [leafText(ANN), 600, 1200],
    ],
  )
})

test("an end that is learned late takes back what was charged since", () => {
  using scene = new UsageScene()
  scene.rules = { ...RULES, halfLifeS: 0 }
  scene.change(() => scene.put(interval({})))
  scene.nowMs += 60 * MINUTE_MS
  scene.change(() => {})
  assert.equal(scene.book.sums.get(amountKey(ANN, "units")), 7200)
  scene.change(() => scene.put(interval({ toMs: BEGIN_MS + 7 * MINUTE_MS }), BEGIN_MS + 7 * MINUTE_MS))
  assert.equal(scene.book.sums.get(amountKey(ANN, "units")), 2 * 420)
  assert.equal(scene.book.throughMs, BEGIN_MS + 60 * MINUTE_MS)
})

test("a clock that was a day ahead for a while leaves nothing behind", () => {
  using scene = new UsageScene()
  scene.change(() => scene.put(interval({})))
  scene.nowMs += 24 * 60 * MINUTE_MS
  scene.change(() => {})
  assert.ok(scene.book.sums.get(amountKey(ANN, "gpu"))! > 40_000)
  scene.nowMs = BEGIN_MS + 10 * MINUTE_MS
  scene.change(() => {})
  assert.equal(scene.book.throughMs, scene.nowMs)
  const gpu = scene.book.sums.get(amountKey(ANN, "gpu"))!
  assert.ok(gpu > 590 && gpu <= 600, String(gpu))
})

test("owners are credited with a part, what is not charged is in no sum, and all of it fades", () => {
  using scene = new UsageScene()
  scene.change(() => {
    scene.put(interval({ owner: "bob", creditAccount: "lab", credit: 0.5, toMs: BEGIN_MS + 5 * MINUTE_MS }))
    scene.put(interval({ attempt: "a-2" as AttemptId, user: "bob", factor: 0 }))
  })
  scene.nowMs += 6 * MINUTE_MS
  scene.change(() => {})
  const bob = amountKey({ account: "lab", user: "bob", qos: "" }, "donated")
  assert.deepEqual(
    sorted(scene.book.sums).map(([key]) => key),
    [bob, ...["cpu", "gpu", "memory", "units", "wall"].map((name) => amountKey(ANN, name))],
  )
  const before = scene.book.sums.get(bob)!
  assert.ok(Math.abs(before - scene.book.sums.get(amountKey(ANN, "units"))! / 2) < 1e-9)
  scene.nowMs += 24 * 60 * MINUTE_MS
  scene.change(() => {})
  assert.ok(Math.abs(scene.book.sums.get(bob)! / before - 0.5) < 0.001)
})

test("runs lie between stops, whatever these touch", () => {
  const runs = (toMs: number | null, ...stops: [number, number | null][]) =>
    runsBetween(10, toMs, stops).map((run) => [run.fromMs, run.toMs])
  assert.deepEqual(runs(null), [[10, null]])
  assert.deepEqual(runs(50, [20, 30]), [
    [10, 20],
    [30, 50],
  ])
  assert.deepEqual(runs(50, [10, 60]), [])
  assert.deepEqual(runs(25, [20, null]), [[10, 20]])
  assert.deepEqual(runs(null, [5, 12], [12, 20], [40, null]), [[20, 40]])
})

test("rules with a shorter period charge at once what has ended by them", () => {
  using scene = new UsageScene()
  scene.rules = { ...RULES, halfLifeS: 0, periodMs: 10 * MINUTE_MS }
  scene.change(() => scene.put(interval({})))
  scene.nowMs += 15 * MINUTE_MS
  scene.rules = { ...RULES, halfLifeS: 0 }
  scene.change(() => {})
  assert.equal(scene.book.throughMs, scene.nowMs)
  assert.equal(scene.book.sums.get(amountKey(ANN, "units")), 2 * 900)
})
