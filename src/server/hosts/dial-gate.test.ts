import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { deferred } from "../../base/deferred.ts"
import { DialGate } from "./dial-gate.ts"

describe("DialGate", () => {
  it("lets only so many in at a time, the others in order, also when some fail", async () => {
    const gate = new DialGate(2)
    const doors = [0, 1, 2, 3].map(() => deferred<void>())
    const entered: number[] = []
    const passes = doors.map((door, i) =>
      gate.pass(async () => {
        entered.push(i)
        await door.promise
      }),
    )
    assert.deepEqual(entered, [0, 1])
    doors[1]?.reject(new Error("no"))
    await assert.rejects(passes[1] as Promise<void>)
    assert.deepEqual(entered, [0, 1, 2])
    for (const door of doors) door.resolve()
    await Promise.allSettled(passes)
    assert.deepEqual(entered, [0, 1, 2, 3])
  })
})
