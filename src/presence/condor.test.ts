/** HTCondor's desktop policy as a state table, edge by edge; the expressions are in its manual's POLICY:DESKTOP. */
import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { CONDITIONS, later, policyWith, SECOND_MS, sceneWith, watchOf } from "../../test/support/presence-scenes.ts"
import { presenceRule } from "./effective-policy.ts"
import { startObstacles } from "./obstacle.ts"
import type { Phase } from "./phase.ts"
import { NOTHING_DONE, type ReactionState, type RunningAttempt, react } from "./reaction.ts"
import { known } from "./reading.ts"

const POLICY = policyWith({}, "condor")

function sceneAt(idleS: number, load: number, atS = 0) {
  const watch = watchOf([[atS * SECOND_MS, { idleMs: idleS * SECOND_MS }]], { rule: presenceRule(POLICY) })
  const conditions = { ...CONDITIONS, foreignLoad: known(load) }
  return sceneWith({ now: later(atS * SECOND_MS), watch, conditions, policy: POLICY })
}

/** An attempt that has run for so long when it is noon. */
const attempt = (ageS = 3_600): RunningAttempt => ({
  id: "a",
  startedMs: later(-ageS * SECOND_MS).sleepCountingMs,
  stopSignal: "SIGTERM",
  graceMs: 30_000,
  suspendedSinceMs: null,
})
const agoMs = (s: number) => later(-s * SECOND_MS).sleepCountingMs
const suspended = (s: number): Phase => ({ phase: "suspended", sinceMs: agoMs(s), swapBeforeBytes: null })
const vacating = (s: number): Phase => ({ phase: "vacating", sinceMs: agoMs(s), graceMs: 600_000 })
const killing = (s: number): Phase => ({ phase: "killing", sinceMs: agoMs(s) })
const RUNNING: Phase = { phase: "running" }

describe("preset condor: Owner and Available", () => {
  const rows: [idleS: number, load: number, code: string | undefined][] = [
    [900, 0.1, "owner_away_too_short"],
    [900.001, 0.1, undefined],
    [901, 0.1, undefined],
    [901, 0.3, undefined],
    [901, 0.31, "foreign_load"],
    [59, 0.1, "owner_here"],
    [60, 0.1, "owner_away_too_short"],
  ]
  for (const [idleS, load, code] of rows) {
    it(`idle ${idleS} s, load ${load}: ${code ?? "starts"}`, () => {
      assert.equal(startObstacles(sceneAt(idleS, load))[0]?.code, code)
    })
  }
})

describe("preset condor: Running, Suspended, Vacating, Killing", () => {
  interface Row {
    readonly what: string
    readonly phase: Phase
    readonly idleS: number
    readonly load?: number
    /** For how long the load was that high. */
    readonly busyS?: number
    readonly ageS?: number
    readonly evicts?: boolean
    readonly does: string | undefined
  }
  const rows: Row[] = [
    { what: "idle 59", phase: RUNNING, idleS: 59, does: "suspend" },
    { what: "idle 60", phase: RUNNING, idleS: 60, does: undefined },
    { what: "foreign load 0.5 for 120 s", phase: RUNNING, idleS: 999, load: 0.5, busyS: 120, does: undefined },
    { what: "foreign load 0.5 for 121 s", phase: RUNNING, idleS: 999, load: 0.5, busyS: 121, does: "suspend" },
    { what: "foreign load 0.49 for 121 s", phase: RUNNING, idleS: 999, load: 0.49, busyS: 121, does: undefined },
    { what: "foreign load, job age 89 s", phase: RUNNING, idleS: 999, load: 2, busyS: 121, ageS: 89, does: undefined },
    { what: "foreign load, job age 90 s", phase: RUNNING, idleS: 999, load: 2, busyS: 121, ageS: 90, does: undefined },
    { what: "foreign load, job age 91 s", phase: RUNNING, idleS: 999, load: 2, busyS: 121, ageS: 91, does: "suspend" },
    { what: "suspended 11 s, idle 300", phase: suspended(11), idleS: 300, does: undefined },
    { what: "suspended 11 s, idle 301", phase: suspended(11), idleS: 301, does: "continue" },
    { what: "suspended 10 s, idle 301", phase: suspended(10), idleS: 301, does: undefined },
    { what: "suspended 11 s, idle 301, load 0.3", phase: suspended(11), idleS: 301, load: 0.3, does: "continue" },
    { what: "suspended 11 s, idle 301, load 0.31", phase: suspended(11), idleS: 301, load: 0.31, does: undefined },
    { what: "suspended 600 s", phase: suspended(600), idleS: 0, does: undefined },
    { what: "suspended 601 s", phase: suspended(601), idleS: 0, does: "vacate" },
    { what: "vacating 600 s", phase: vacating(600), idleS: 0, does: undefined },
    { what: "vacating 601 s", phase: vacating(601), idleS: 0, does: "kill" },
    { what: "vacating, and the owner is away again", phase: vacating(9), idleS: 9_999, does: undefined },
    { what: "killing 30 s", phase: killing(30), idleS: 0, does: undefined },
    { what: "killing 31 s", phase: killing(31), idleS: 0, does: "kill" },
    { what: "evicted while running", phase: RUNNING, idleS: 999, evicts: true, does: "vacate" },
    { what: "evicted while suspended", phase: suspended(5), idleS: 0, evicts: true, does: "vacate" },
  ]
  for (const { what, phase, idleS, load = 0.1, busyS, ageS, evicts, does } of rows) {
    it(`${phase.phase}, ${what}: ${does ?? "nothing"}`, () => {
      const before: ReactionState = {
        attempts: new Map([["a", phase]]),
        busySinceMs: busyS === undefined ? null : agoMs(busyS),
      }
      const { actions } = react(before, sceneAt(idleS, load), [attempt(ageS)], evicts)
      assert.deepEqual(
        actions.map((action) => action.do),
        does === undefined ? [] : [does],
      )
    })
  }

  it("lets a stopped job hear its signal, and gives it ten minutes", () => {
    const before: ReactionState = { attempts: new Map([["a", suspended(601)]]), busySinceMs: null }
    const [action] = react(before, sceneAt(0, 0.1), [attempt()]).actions
    assert.ok(action?.do === "vacate" && action.why.code === "suspended_too_long")
    const { behind, ...why } = action.why
    assert.equal(behind?.code, "owner_here")
    assert.deepEqual(
      { ...action, why },
      {
        do: "vacate",
        attempt: "a",
        why: { code: "suspended_too_long", limitMs: 600_000 },
        cause: "owner_returned",
        signal: "SIGTERM",
        graceMs: 600_000,
        isStopped: true,
      },
    )
  })
})

describe("preset condor: a day with a look every second", () => {
  /** What is done at which second, while the owner types during these spans. */
  function play(untilS: number, typesFromTo: readonly (readonly [number, number])[]): string[] {
    const done: string[] = []
    let state = NOTHING_DONE
    let idleS = 2_000
    for (let s = 0; s <= untilS; s++) {
      idleS = typesFromTo.some(([from, to]) => s >= from && s <= to) ? 0 : idleS + 1
      const result = react(state, sceneAt(idleS, 0.1, s), [attempt()])
      state = result.state
      done.push(...result.actions.map((action) => `${s} ${action.do}`))
    }
    return done
  }

  it("suspends at the first key, and continues 301 s after the last one", () => {
    assert.deepEqual(play(1_000, [[100, 120]]), ["100 suspend", "421 continue"])
  })

  it("vacates after 601 s and kills 601 s later, whatever the owner does", () => {
    assert.deepEqual(play(1_340, [[100, 500]]), ["100 suspend", "701 vacate", "1302 kill", "1333 kill"])
  })
})
