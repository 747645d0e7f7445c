import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { CONDITIONS, GIB, HOUR_MS, later, policyWith, sceneWith, typing } from "../../test/support/presence-scenes.ts"
import type { Scene } from "./obstacle.ts"
import { NOTHING_DONE, type RunningAttempt, react } from "./reaction.ts"
import { known } from "./reading.ts"

describe("react() for a job with a long grace", () => {
  const patient: RunningAttempt = {
    id: "a",
    startedMs: later(-HOUR_MS).sleepCountingMs,
    stopSignal: "SIGUSR1",
    graceMs: HOUR_MS,
    suspendedSinceMs: null,
  }
  const graceOf = (scene: Partial<Scene>) =>
    react(NOTHING_DONE, sceneWith(scene), [patient]).actions.flatMap((action) =>
      action.do === "vacate" ? [action.graceMs] : [],
    )

  it("gives its memory back within a minute where somebody needs it, and has its grace else", () => {
    const short = { ...CONDITIONS, availableBytes: known(GIB) }
    assert.deepEqual(graceOf({ watch: typing(), conditions: short }), [45_000])
    assert.deepEqual(graceOf({ watch: typing(), policy: policyWith({ onReturn: "vacate" }) }), [HOUR_MS])
  })
})
