import assert from "node:assert/strict"
import { test } from "node:test"
import { LinkWatch } from "./link-watch.ts"

test("a link is slow after five slow answers in a row, and well again after five quick ones; each is told once", () => {
  const link = new LinkWatch()
  const take = (...ms: readonly number[]) => ms.map((one) => link.take(one)).filter((one) => one !== undefined)
  assert.deepEqual(take(1, 300, 300, 300, 300, 2, 300, 300, 300, 300), [])
  assert.deepEqual(take(320, 340, 400), [300])
  assert.deepEqual(take(1, 1, 1, 1, 300), [])
  assert.deepEqual(take(1, 2, 3, 4, 5, 6, 7), [null])
})
