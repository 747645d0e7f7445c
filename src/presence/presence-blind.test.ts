import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { later, NOT_TOLD, watchOf } from "../../test/support/presence-scenes.ts"

describe("observe() without an idle time", () => {
  it("notices by the system's own mark of activity who comes while the idle time cannot be asked for", () => {
    const until = (ms: number) => later(ms).sleepCountingMs + 600_000
    const before = watchOf([
      [0, { activeUntilMs: null }],
      [500, { activeUntilMs: null }],
      [1_000, { activeUntilMs: null }],
      [2_000, { idleMs: NOT_TOLD, activeUntilMs: null }],
    ])
    assert.deepEqual([before.presence.state, before.says], ["away", "blind"])
    const typed = watchOf([
      [0, { activeUntilMs: null }],
      [500, { activeUntilMs: null }],
      [1_000, { activeUntilMs: null }],
      [2_000, { idleMs: NOT_TOLD, activeUntilMs: null }],
      [3_000, { idleMs: NOT_TOLD, activeUntilMs: until(2_900) }],
    ])
    assert.deepEqual(typed.presence, { state: "here", since: later(3_000), sign: { code: "uncounted_input" } })
  })
})
