import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import {
  ANNAS,
  CONDITIONS,
  GIB,
  type LookValues,
  later,
  lookAt,
  NOT_TOLD,
  policyWith,
  sceneWith,
} from "../../test/support/presence-scenes.ts"
import { RETURN_REACTIONS } from "./owner-policy.ts"
import { LOOKS_FOR_AWAY, observe, type Watch } from "./presence.ts"
import { type Action, NOTHING_DONE, type RunningAttempt, react } from "./reaction.ts"
import { known, type Reading } from "./reading.ts"

const orNotTold = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | typeof NOT_TOLD> =>
  fc.oneof({ weight: 9, arbitrary }, { weight: 1, arbitrary: fc.constant(NOT_TOLD) })

/** Mostly quiet, so that everything is reached. */
const looks: fc.Arbitrary<LookValues> = fc.record({
  idleMs: orNotTold(fc.oneof(fc.integer({ min: 0, max: 120_000 }), fc.constant(7_200_000), fc.constant(9_000_000))),
  locked: orNotTold(fc.boolean()),
  display: orNotTold(fc.constantFrom("on" as const, "asleep" as const)),
  wokeAgoMs: orNotTold(fc.constantFrom(100, 60_000, 9_000_000)),
  displayHolds: orNotTold(
    fc.oneof(
      { weight: 9, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.constant([{ process: "zoom.us", user: "anna", isWindfall: false }]) },
    ),
  ),
  activeUntilMs: orNotTold(fc.constantFrom(null, later(0).sleepCountingMs + 60_000)),
})
const steps = fc.array(
  fc.record({
    afterMs: fc.constantFrom(0, 500, 500, 5_000, 5_000, 60_000, 1_000_000),
    look: looks,
    pauses: fc.oneof({ weight: 8, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    memoryIsShort: fc.boolean(),
    power: orNotTold(fc.constantFrom("mains" as const, "mains" as const, "battery" as const)),
  }),
  { maxLength: 30 },
)
const reactions = fc.constantFrom(...RETURN_REACTIONS)

const ATTEMPT: RunningAttempt = {
  id: "a",
  startedMs: later(0).sleepCountingMs,
  stopSignal: "SIGTERM",
  graceMs: 30_000,
  suspendedSinceMs: null,
}

describe("react() and observe() for any sequence of looks", () => {
  it("never let a job start unless the last looks were all quiet, and know somebody is here from one look", () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        let watch: Watch | undefined
        let ms = 0
        let quiet = 0
        let calm = 0
        for (const { afterMs, look } of sequence) {
          const before = watch
          ms += afterMs
          watch = observe(watch, lookAt(later(ms), look), ANNAS)
          quiet = watch.says === "quiet" ? quiet + 1 : 0
          calm = watch.says === "quiet" || watch.says === "doubtful" ? calm + 1 : 0
          if (watch.says === "here") assert.equal(watch.presence.state, "here")
          if (watch.presence.state === "away" && before?.presence.state === "here") assert.ok(quiet >= LOOKS_FOR_AWAY)
          if (watch.presence.state === "away" && before?.presence.state !== "away") assert.ok(calm >= LOOKS_FOR_AWAY)
          const now = later(ms)
          const { startObstacles } = react(NOTHING_DONE, sceneWith({ now, watch }), [])
          if (watch.says !== "quiet" || watch.presence.state !== "away") assert.notEqual(startObstacles.length, 0)
          if (look.idleMs === NOT_TOLD || typedLit(look)) assert.notEqual(startObstacles.length, 0)
        }
      }),
    )
  })

  it("leave no job running beside somebody, continue none then, and do nothing twice", () => {
    fc.assert(
      fc.property(steps, reactions, (sequence, onReturn) => {
        let watch: Watch | undefined
        let state = NOTHING_DONE
        let phase = "running"
        let ms = 0
        for (const { afterMs, look, pauses, memoryIsShort, power } of sequence) {
          ms += afterMs
          const now = later(ms)
          watch = observe(watch, lookAt(now, look), ANNAS)
          const conditions = {
            ...CONDITIONS,
            power: reading(power),
            availableBytes: known(memoryIsShort ? GIB : 40 * GIB),
          }
          const scene = sceneWith({
            now,
            watch,
            conditions,
            policy: policyWith({ onReturn }),
            pauses: pauses ? [{ untilMs: null, sinceMs: 0, by: "anna", speaker: "owner" }] : [],
          })
          const result = react(state, scene, [ATTEMPT])
          for (const action of result.actions) phase = follow(phase, action)
          state = result.state
          assert.equal(state.attempts.get("a")!.phase, phase)
          assert.deepEqual(react(state, scene, [ATTEMPT]).actions, [])
          const isStill = phase !== "running" && phase !== "yielding"
          if (pauses || (power !== "mains" && power !== NOT_TOLD)) assert.ok(isStill)
          if (watch.presence.state !== "here") continue
          if (onReturn === "suspend" || onReturn === "vacate") assert.ok(isStill)
          if (onReturn === "yield") assert.notEqual(phase, "running")
        }
      }),
    )
  })
})

/** Somebody types at a Mac that is seen to be lit or unlocked. */
function typedLit({ idleMs, locked, display }: LookValues): boolean {
  return typeof idleMs === "number" && idleMs < 58_000 && (locked === false || display === "on")
}

function reading<T extends string>(value: T | typeof NOT_TOLD): Reading<T> {
  return typeof value === "string" ? known(value) : value
}

/** What an action makes of an attempt; it must be possible then. */
function follow(phase: string, action: Action): string {
  const possible: Record<Action["do"], string[]> = {
    suspend: ["running", "yielding"],
    yield: ["running"],
    restore: ["yielding"],
    continue: ["suspended"],
    vacate: ["running", "yielding", "suspended"],
    kill: ["vacating", "killing"],
  }
  assert.ok(possible[action.do].includes(phase), `${action.do} of an attempt that is ${phase}`)
  if (action.do === "vacate") assert.equal(action.isStopped, phase === "suspended")
  const becomes = {
    suspend: "suspended",
    yield: "yielding",
    restore: "running",
    continue: "running",
    vacate: "vacating",
    kill: "killing",
  }
  return becomes[action.do]
}
