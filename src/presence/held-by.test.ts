import assert from "node:assert/strict"
import { test } from "node:test"
import { HOUR_MS, later, MINUTE_MS, quietFor, sceneWith, typing } from "../../test/support/presence-scenes.ts"
import type { Scene } from "./obstacle.ts"
import { NOTHING_DONE, react } from "./reaction.ts"

const ATTEMPT = {
  id: "a",
  startedMs: later(-HOUR_MS).sleepCountingMs,
  stopSignal: "SIGUSR1",
  graceMs: 30_000,
  suspendedSinceMs: null,
}
const PAUSE = { untilMs: null, sinceMs: 0, by: "anna", speaker: "owner" } as const

test("a suspended job is held by what is so now, not by what stopped it", () => {
  const { state } = react(NOTHING_DONE, sceneWith({ watch: typing() }), [ATTEMPT])
  const heldBy = (scene: Partial<Scene>) => react(state, sceneWith(scene), [ATTEMPT]).held.get("a")
  assert.equal(heldBy({ watch: typing() })?.code, "owner_here")
  assert.equal(heldBy({ watch: typing(), pauses: [PAUSE] })?.code, "paused")
  assert.deepEqual(heldBy({ watch: quietFor(2 * MINUTE_MS) }), { code: "owner_just_left", neededMs: 3 * MINUTE_MS })
  assert.equal(heldBy({ watch: quietFor(2 * MINUTE_MS), pauses: [PAUSE] })?.code, "paused")
  assert.equal(heldBy({ watch: undefined }), undefined, "nothing can be told")
  assert.equal(heldBy({ watch: quietFor(HOUR_MS) }), undefined, "it goes on")
})
