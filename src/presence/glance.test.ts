import assert from "node:assert/strict"
import { it } from "node:test"
import {
  CONDITIONS,
  HOUR_MS,
  NOON,
  NOT_TOLD,
  quietFor,
  sceneWith,
  typing,
  watchOf,
} from "../../test/support/presence-scenes.ts"
import { glanceText } from "./glance.ts"
import { type Scene, startObstacles } from "./obstacle.ts"
import { known } from "./reading.ts"

const glance = (values: Partial<Scene>): string => {
  const scene = sceneWith(values)
  return glanceText(startObstacles(scene), scene.watch?.presence ?? null, scene.now)
}

it("glanceText() tells in a word or two who is at a Mac", () => {
  assert.equal(glance({}), "away 1h 00m")
  assert.equal(glance({ watch: quietFor(90_000) }), "away 1m 30s")
  assert.equal(glance({ watch: typing() }), "here")
  assert.equal(glance({ watch: watchOf([[0, { idleMs: NOT_TOLD }]]) }), "unknown")
  assert.equal(glance({ watch: undefined }), "-")
  assert.equal(glance({ conditions: { ...CONDITIONS, power: known("battery") } }), "battery")
  assert.equal(glance({ conditions: { ...CONDITIONS, lowPowerMode: known(true) } }), "low power")
  const pauses = [{ untilMs: NOON.wallMs + HOUR_MS, sinceMs: 0, by: "anna", speaker: "owner" as const }]
  assert.equal(glance({ pauses, watch: typing() }), "paused")
})
