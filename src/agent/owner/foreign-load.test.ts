import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { ifKnown, known } from "../../presence/reading.ts"
import { ForeignLoad } from "./foreign-load.ts"

const MINUTE_MS = 60_000

describe("ForeignLoad", () => {
  it("comes to what is not of jobs, as the kernel's average comes to all", () => {
    const load = new ForeignLoad()
    const running = new Map([["a", true]])
    assert.equal(load.of(known(4), running, 0).known, false, "not measured yet")
    for (let at = 0; at <= 10 * MINUTE_MS; at += 5_000) {
      // Four cores of the job, one of somebody.
      load.measured("a", 4 * at, at)
      load.of(known(5), running, at)
    }
    const foreign = ifKnown(load.of(known(5), running, 10 * MINUTE_MS)) ?? -1
    assert.ok(Math.abs(foreign - 1) < 0.01, `${foreign}`)
  })

  it("lets what a stopped job used fade like the average itself", () => {
    const load = new ForeignLoad()
    const running = new Map([["a", true]])
    for (let at = 0; at <= 10 * MINUTE_MS; at += 5_000) {
      load.measured("a", 4 * at, at)
      load.of(known(4), running, at)
    }
    const stopped = new Map([["a", false]])
    const at = 11 * MINUTE_MS
    const left = 4 * Math.exp(-1)
    const foreign = ifKnown(load.of(known(left), stopped, at)) ?? -1
    assert.ok(foreign < 0.01, `${foreign}`)
  })
})
