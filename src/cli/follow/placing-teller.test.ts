import assert from "node:assert/strict"
import { test } from "node:test"
import { systemClock } from "../../base/clock.ts"
import type { JobView } from "../../protocol/job.ts"
import { PlacingTeller } from "./placing-teller.ts"

test("data on its way is told when it begins and every 10 s, nothing else is", async () => {
  let nowMs = 0
  const said: string[] = []
  const teller = new PlacingTeller({ ...systemClock(), monotonicMs: () => nowMs }, async (text) => {
    said.push(text)
  })
  const see = (state: JobView["state"], reason: string | null) =>
    teller.see({ id: 7, state, reason, place: null, attempts: [] } as unknown as JobView)
  await see("queued", "no host has room")
  await see("starting", null)
  for (let second = 0; second <= 12; second++) {
    nowMs = second * 1_000
    await see("starting", `placing big on beta: ${second} %`)
  }
  await see("running", null)
  assert.deepEqual(said, [
    "job 7 is starting: placing big on beta: 0 %",
    "job 7 is starting: placing big on beta: 10 %",
  ])
})
