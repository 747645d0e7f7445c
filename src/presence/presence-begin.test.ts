import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { DARK, later, SECOND_MS, watchOf } from "../../test/support/presence-scenes.ts"
import { presenceText } from "./presence-text.ts"

describe("observe() of the first looks", () => {
  it("knows at the third look, as an agent that has just begun takes them, also of a Mac that has just begun or woken in the dark", () => {
    const looks = [0, 500, 1_000].map((ms) => [ms, { ...DARK, idleMs: 5_000 + ms }] as const)
    const watch = watchOf(looks.slice(0, 2))
    assert.deepEqual([watch.says, watch.presence.state], ["doubtful", "unknown"])
    assert.equal(presenceText(watch.presence, later(0)), "not known: nobody showed at 2 of the 3 looks that it takes")
    const after = watchOf(looks)
    assert.equal(after.presence.state, "away")
    // What starts jobs waits, and a second input, or light, is somebody.
    assert.deepEqual([after.says, after.quietMs], ["doubtful", 0])
    assert.equal(watchOf([[4_000, { ...DARK, idleMs: 100 }]], { before: after }).presence.state, "here")
    assert.equal(watchOf([[4_000, { locked: true, idleMs: 9_000 }]], { before: after }).presence.state, "here")
    // What was seen once to be here is not away by that.
    const here = watchOf([[-SECOND_MS, { idleMs: 100 }], ...looks])
    assert.equal(here.presence.state, "here")
  })

  it("takes who lights a Mac for somebody, also where a program seemed to type in the dark until that moment", () => {
    const dark = [0, 0].map((at, n) => [at, { ...DARK, idleMs: n === 0 ? 7_200_000 : 0 }] as const)
    const ghost = watchOf([[0, { idleMs: 9_000_000 }], ...dark])
    assert.equal(ghost.says, "quiet")
    assert.equal(watchOf([[0, { idleMs: 0 }]], { before: ghost }).says, "here")
  })
})
