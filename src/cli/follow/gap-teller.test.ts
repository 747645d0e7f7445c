import assert from "node:assert/strict"
import { test } from "node:test"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { GapTeller } from "./gap-teller.ts"

test("the first gap is told at once, those soon after together, each stream by itself, and at the end what is left", async () => {
  const clock = new MovedClock()
  const said: string[] = []
  const gaps = new GapTeller(clock, async (text) => void said.push(text))
  const take = () => said.splice(0)
  await gaps.note({ stream: "stdout", from: 10, to: 30 })
  assert.deepEqual(take(), ["20 B of stdout were not kept (bytes 10 to 30)"])
  await gaps.note({ stream: "stdout", from: 40, to: 45 })
  await gaps.note({ stream: "stderr", from: 0, to: 7 })
  await gaps.note({ stream: "stdout", from: 50, to: 60 })
  await gaps.tellIfDue()
  assert.deepEqual(take(), [])
  clock.advance(5_000)
  await gaps.tellIfDue()
  assert.deepEqual(take(), [
    "15 B of stdout were not kept (in 2 places between bytes 40 and 60)",
    "7 B of stderr were not kept (bytes 0 to 7)",
  ])
  await gaps.note({ stream: "stdout", from: 70, to: 71 })
  await gaps.tell()
  await gaps.tell()
  assert.equal(take().length, 1)
})
