import assert from "node:assert/strict"
import { describe, it } from "node:test"
import {
  CONDITIONS,
  GIB,
  HOUR_MS,
  later,
  MINUTE_MS,
  NOON,
  NOT_TOLD,
  policyWith,
  quietFor,
  SECOND_MS,
  sceneWith,
  typing,
  watchOf,
} from "../../test/support/presence-scenes.ts"
import type { Scene } from "./obstacle.ts"
import type { Pause } from "./pause.ts"
import { type Action, NOTHING_DONE, type ReactionState, type RunningAttempt, react } from "./reaction.ts"
import { known } from "./reading.ts"

const ATTEMPT: RunningAttempt = {
  id: "a",
  startedMs: later(-HOUR_MS).sleepCountingMs,
  stopSignal: "SIGUSR1",
  graceMs: 30_000,
  suspendedSinceMs: null,
}
const PAUSE: Pause = { untilMs: null, sinceMs: 0, by: "anna", speaker: "owner" }
const does = (actions: readonly Action[]) =>
  actions.map((action) => ("why" in action ? `${action.do} ${action.why.code}` : action.do))

/** Suspended at noon as somebody has come. */
function suspendedAtNoon(values: Partial<Scene> = {}): ReactionState {
  return react(NOTHING_DONE, sceneWith({ watch: typing(), ...values }), [ATTEMPT]).state
}

describe("react() to what happens at the Mac, for a job that runs", () => {
  const unknownPresence = watchOf(
    [0, 6, 12].map((s) => [s * SECOND_MS, { idleMs: NOT_TOLD }] as const),
    { before: quietFor(HOUR_MS) },
  )
  const rows: [string, Partial<Scene>, string[]][] = [
    ["nobody is there", {}, []],
    ["somebody comes: suspend", { watch: typing() }, ["suspend owner_here"]],
    ["somebody comes: vacate", { watch: typing(), policy: policyWith({ onReturn: "vacate" }) }, ["vacate owner_here"]],
    ["somebody comes: yield", { watch: typing(), policy: policyWith({ onReturn: "yield" }) }, ["yield owner_here"]],
    ["somebody comes: ignore", { watch: typing(), policy: policyWith({ onReturn: "ignore" }) }, []],
    ["nobody can tell for ten seconds", { watch: unknownPresence, now: later(12_000) }, ["suspend presence_unknown"]],
    ["one look cannot tell", { watch: watchOf([[500, { idleMs: NOT_TOLD }]], { before: quietFor(HOUR_MS) }) }, []],
    ["nobody has looked yet", { watch: undefined }, []],
    ["the owner pauses", { pauses: [PAUSE] }, ["suspend paused"]],
    [
      "the owner pauses: ignore is about coming back",
      { pauses: [PAUSE], policy: policyWith({ onReturn: "ignore" }) },
      ["suspend paused"],
    ],
    ["the owner pauses: vacate", { pauses: [PAUSE], policy: policyWith({ onReturn: "vacate" }) }, ["vacate paused"]],
    [
      "the hours end",
      { policy: policyWith({ hours: { open: [], closed: [{ days: [4], startMinute: 780, endMinute: 900 }] } }) },
      ["vacate outside_hours"],
    ],
    ["the mains go", { conditions: { ...CONDITIONS, power: known("battery") } }, ["suspend on_battery"]],
    ["the mains go, a UPS is at work", { conditions: { ...CONDITIONS, power: known("ups") } }, ["suspend on_battery"]],
    [
      "the mains go, and may",
      { conditions: { ...CONDITIONS, power: known("battery") }, policy: policyWith({ onBattery: "yes" }) },
      [],
    ],
    ["what it runs on is not told", { conditions: { ...CONDITIONS, power: NOT_TOLD } }, []],
    ["Low Power Mode begins", { conditions: { ...CONDITIONS, lowPowerMode: known(true) } }, ["suspend low_power_mode"]],
    ["load of others does not count here", { conditions: { ...CONDITIONS, foreignLoad: known(9) } }, []],
    ["memory is short and nobody is there", { conditions: { ...CONDITIONS, availableBytes: known(GIB) } }, []],
    [
      "memory is short and somebody comes",
      { watch: typing(), conditions: { ...CONDITIONS, availableBytes: known(GIB) } },
      ["suspend owner_here", "vacate memory_needed"],
    ],
    [
      "memory is short and somebody comes: yield",
      {
        watch: typing(),
        conditions: { ...CONDITIONS, availableBytes: known(GIB) },
        policy: policyWith({ onReturn: "yield" }),
      },
      ["yield owner_here", "vacate memory_needed"],
    ],
  ]
  for (const [what, scene, expected] of rows) {
    it(`${what}: ${expected.join(", ") || "nothing"}`, () => {
      assert.deepEqual(does(react(NOTHING_DONE, sceneWith(scene), [ATTEMPT]).actions), expected)
    })
  }
})

describe("react() for a job that is suspended", () => {
  const here = (ms: number) => typing(later(ms))
  const rows: [string, number, Partial<Scene>, string[]][] = [
    ["5 minutes, and somebody is there", 300_000, { watch: here(300_000) }, []],
    ["5 minutes and a moment", 300_001, { watch: here(300_001) }, ["vacate suspended_too_long"]],
    ["quiet for 3 minutes", 200_000, { watch: quietFor(180_000, later(200_000)) }, []],
    ["quiet for longer than 3 minutes", 200_000, { watch: quietFor(180_001, later(200_000)) }, ["continue"]],
    ["quiet for longer, but paused", 200_000, { watch: quietFor(180_001, later(200_000)), pauses: [PAUSE] }, []],
    ["quiet for longer, by a look too old", 216_000, { watch: quietFor(190_000, later(200_000)) }, []],
    [
      "memory is needed",
      10_000,
      { watch: here(10_000), conditions: { ...CONDITIONS, availableBytes: known(7.9 * GIB) } },
      ["vacate memory_needed"],
    ],
    [
      "memory just suffices",
      10_000,
      { watch: here(10_000), conditions: { ...CONDITIONS, availableBytes: known(8 * GIB) } },
      [],
    ],
    [
      "memory pressure",
      10_000,
      { watch: here(10_000), conditions: { ...CONDITIONS, pressure: known("warning") } },
      ["vacate memory_needed"],
    ],
    [
      "swap grows by 256 MB",
      10_000,
      { watch: here(10_000), conditions: { ...CONDITIONS, swapUsedBytes: known(GIB / 4) } },
      [],
    ],
    [
      "swap grows by more",
      10_000,
      { watch: here(10_000), conditions: { ...CONDITIONS, swapUsedBytes: known(GIB / 4 + 1) } },
      ["vacate memory_needed"],
    ],
    [
      "memory is not told",
      10_000,
      {
        watch: here(10_000),
        conditions: { ...CONDITIONS, availableBytes: NOT_TOLD, pressure: NOT_TOLD, swapUsedBytes: NOT_TOLD },
      },
      [],
    ],
    [
      "the hours end",
      10_000,
      { watch: here(10_000), policy: policyWith({ never: [{ days: [4], startMinute: 780, endMinute: 900 }] }) },
      ["vacate outside_hours"],
    ],
    [
      "the owner now wants it to yield",
      10_000,
      { watch: here(10_000), policy: policyWith({ onReturn: "yield" }) },
      ["continue", "yield owner_here"],
    ],
  ]
  for (const [what, afterMs, scene, expected] of rows) {
    it(`${what}: ${expected.join(", ") || "nothing"}`, () => {
      const { actions } = react(suspendedAtNoon(), sceneWith({ now: later(afterMs), ...scene }), [ATTEMPT])
      assert.deepEqual(does(actions), expected)
    })
  }

  it("keeps its memory as long as nobody is there to need it", () => {
    const onBattery = { ...CONDITIONS, power: known("battery" as const), availableBytes: known(GIB) }
    const { actions } = react(NOTHING_DONE, sceneWith({ conditions: onBattery }), [ATTEMPT])
    assert.deepEqual(does(actions), ["suspend on_battery"])
  })

  it("goes on as soon as the mains are back, where nobody was there anyway", () => {
    const { state } = react(NOTHING_DONE, sceneWith({ conditions: { ...CONDITIONS, power: known("battery") } }), [
      ATTEMPT,
    ])
    assert.deepEqual(does(react(state, sceneWith({ now: later(1_000) }), [ATTEMPT]).actions), ["continue"])
  })

  it("is taken over as it is from an agent that ended", () => {
    const adopted = { ...ATTEMPT, suspendedSinceMs: later(-4 * MINUTE_MS).sleepCountingMs }
    const first = react(NOTHING_DONE, sceneWith({ watch: typing() }), [adopted])
    assert.deepEqual(first.actions, [])
    assert.equal(first.wakeWithinMs, MINUTE_MS + 1)
    const second = react(first.state, sceneWith({ now: later(MINUTE_MS + 1), watch: here(MINUTE_MS + 1) }), [adopted])
    assert.deepEqual(does(second.actions), ["vacate suspended_too_long"])
  })
})

describe("react() for a job that yields", () => {
  const policy = policyWith({ onReturn: "yield" })
  const { state } = react(NOTHING_DONE, sceneWith({ watch: typing(), policy }), [ATTEMPT])

  it("restores it when nobody has shown for long enough, and not before", () => {
    const at = later(4 * MINUTE_MS)
    assert.deepEqual(react(state, sceneWith({ now: at, watch: quietFor(180_000, at), policy }), [ATTEMPT]).actions, [])
    assert.deepEqual(
      does(react(state, sceneWith({ now: at, watch: quietFor(180_001, at), policy }), [ATTEMPT]).actions),
      ["restore"],
    )
  })
})

describe("react() and time", () => {
  it("looks every 0.45 s while something runs, every five else, and at the very moment a job may start", () => {
    const soon = quietFor(15 * MINUTE_MS - 200)
    assert.equal(react(NOTHING_DONE, sceneWith(), [ATTEMPT]).lookWithinMs, 450)
    assert.equal(react(NOTHING_DONE, sceneWith(), []).lookWithinMs, 5_000)
    assert.equal(react(NOTHING_DONE, sceneWith({ watch: soon }), []).lookWithinMs, 201)
    const nobodys = policyWith({}, "nobodys")
    assert.equal(react(NOTHING_DONE, sceneWith({ policy: nobodys, watch: undefined }), [ATTEMPT]).lookWithinMs, 30_000)
  })

  it("wakes when a pause ends, hours change, or a job has had its time, and every quarter of an hour at least", () => {
    assert.equal(react(NOTHING_DONE, sceneWith(), []).wakeWithinMs, 15 * MINUTE_MS)
    const pauses = [{ ...PAUSE, untilMs: NOON.wallMs + 90_000 }]
    assert.equal(react(NOTHING_DONE, sceneWith({ pauses }), []).wakeWithinMs, 90_000)
    const policy = policyWith({ never: [{ days: [4], startMinute: 13 * 60 + 5, endMinute: 14 * 60 }] })
    assert.equal(react(NOTHING_DONE, sceneWith({ policy }), []).wakeWithinMs, 5 * MINUTE_MS)
    assert.equal(react(NOTHING_DONE, sceneWith({ watch: typing() }), [ATTEMPT]).wakeWithinMs, 5 * MINUTE_MS + 1)
  })

  it("kills a vacated job after its own grace, and again as long as it lives; then forgets it", () => {
    const policy = policyWith({ onReturn: "vacate" })
    const at = (ms: number) => sceneWith({ now: later(ms), watch: typing(later(ms)), policy })
    let { state, actions } = react(NOTHING_DONE, at(0), [ATTEMPT])
    assert.deepEqual(
      actions.map((action) => action.do === "vacate" && [action.signal, action.graceMs]),
      [["SIGUSR1", 30_000]],
    )
    const done: string[] = []
    for (const ms of [30_000, 30_001, 60_001, 60_002]) {
      const result = react(state, at(ms), [ATTEMPT])
      state = result.state
      done.push(...result.actions.map((action) => `${ms} ${action.do}`))
    }
    assert.deepEqual(done, ["30001 kill", "60002 kill"])
    assert.equal(react(state, at(60_003), []).state.attempts.size, 0)
  })
})

describe("the cause by which an attempt ends for the owner's sake", () => {
  const causeOf = (before: ReactionState, values: Partial<Scene>) => {
    const { actions } = react(before, sceneWith(values), [ATTEMPT])
    return actions.flatMap((action) => (action.do === "vacate" ? [`${action.why.code} ${action.cause}`] : []))
  }
  const at = later(6 * MINUTE_MS)
  const rows: [string, Partial<Scene>, Partial<Scene> | null, string][] = [
    [
      "somebody comes",
      { watch: typing(), policy: policyWith({ onReturn: "vacate" }) },
      null,
      "owner_here owner_returned",
    ],
    [
      "the hours end",
      { policy: policyWith({ hours: { open: [], closed: [{ days: [4], startMinute: 780, endMinute: 900 }] } }) },
      null,
      "outside_hours owner_policy",
    ],
    ["a pause", { pauses: [PAUSE], policy: policyWith({ onReturn: "vacate" }) }, null, "paused owner_policy"],
    ["somebody stays", { watch: typing(at), now: at }, { watch: typing() }, "suspended_too_long owner_returned"],
    [
      "nobody is there, and not for long enough",
      { watch: quietFor(MINUTE_MS + 1, at), now: at },
      { watch: typing() },
      "suspended_too_long owner_returned",
    ],
    [
      "a pause lasts",
      { pauses: [PAUSE], watch: quietFor(HOUR_MS, at), now: at },
      { pauses: [PAUSE] },
      "suspended_too_long owner_policy",
    ],
    [
      "it stays on battery",
      { conditions: { ...CONDITIONS, power: known("battery") }, watch: quietFor(HOUR_MS, at), now: at },
      { conditions: { ...CONDITIONS, power: known("battery") } },
      "suspended_too_long owner_policy",
    ],
    [
      "somebody needs the memory",
      { watch: typing(), conditions: { ...CONDITIONS, availableBytes: known(GIB) } },
      { watch: typing() },
      "memory_needed owner_returned",
    ],
  ]
  for (const [what, scene, suspendedBy, expected] of rows) {
    it(`${what}: ${expected}`, () => {
      const before = suspendedBy === null ? NOTHING_DONE : react(NOTHING_DONE, sceneWith(suspendedBy), [ATTEMPT]).state
      assert.deepEqual(causeOf(before, scene), [expected])
    })
  }
})
