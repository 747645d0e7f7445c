import assert from "node:assert/strict"
import { describe, it } from "node:test"
import {
  DARK,
  HOUR_MS,
  type LookValues,
  later,
  NOT_TOLD,
  SECOND_MS,
  watchOf,
} from "../../test/support/presence-scenes.ts"
import type { LookSays } from "./presence.ts"
import { presenceText } from "./presence-text.ts"
import { known } from "./reading.ts"

const hold = (process: string, user: string | null = "anna", isWindfall = false) => [{ process, user, isWindfall }]
const login = (user: string, idleMs: number, isWindfall = false) => [
  { user, from: "10.0.0.7", isWindfall, idleMs: known(idleMs) },
]
const QUIET = {} as const
/** Half a second apart, as while an attempt runs. */
const row = (...looks: LookValues[]) => looks.map((look, index) => [index * 500, look] as const)

describe("observe() of one look", () => {
  const rows: [string, LookSays, LookValues][] = [
    ["nobody has typed for an hour", "quiet", {}],
    ["typed 59.999 s ago", "here", { idleMs: 59_999 }],
    ["typed 60 s ago", "quiet", { idleMs: 60_000 }],
    ["typed at the locked screen, which is lit", "here", { idleMs: 500, locked: true }],
    ["typed at the login window, which is lit", "here", { idleMs: 500, console: { user: null, switchedOut: [] } }],
    ["typed while the display sleeps, unlocked", "here", { idleMs: 500, display: "asleep" }],
    ["a dark wake: locked, dark, the idle time starts anew", "doubtful", { ...DARK, idleMs: 500 }],
    [
      "a dark wake at the login window",
      "doubtful",
      { display: "asleep", idleMs: 500, console: { user: null, switchedOut: [] } },
    ],
    ["typed, and whether it is locked is not told", "here", { ...DARK, locked: NOT_TOLD, idleMs: 500 }],
    ["typed, and whether the display sleeps is not told", "here", { ...DARK, display: NOT_TOLD, idleMs: 500 }],
    [
      "somebody else is at the console and types",
      "here",
      { idleMs: 500, console: { user: "ben", switchedOut: ["anna"] } },
    ],
    ["somebody else is at the console, idle", "quiet", { console: { user: "ben", switchedOut: ["anna"] } }],
    ["a video call", "here", { displayHolds: hold("zoom.us") }],
    ["a video call, whose process it is is not told", "here", { displayHolds: hold("zoom.us", null) }],
    ["a video call behind a locked screen", "quiet", { locked: true, displayHolds: hold("zoom.us") }],
    ["a video call, whether it is locked is not told", "here", { locked: NOT_TOLD, displayHolds: hold("zoom.us") }],
    ["powerd holds the display", "quiet", { displayHolds: hold("powerd", "root") }],
    ["WindowServer holds the display", "quiet", { displayHolds: hold("WindowServer", null) }],
    ["a daemon holds the display", "quiet", { displayHolds: hold("assessmentd", "_assessment") }],
    ["Windfall's own caffeinate", "quiet", { displayHolds: hold("caffeinate", "windfall", true) }],
    [
      "Windfall's own caffeinate, on an account that Anna lends",
      "quiet",
      { displayHolds: hold("caffeinate", "anna", true) },
    ],
    ["a job holds the display", "quiet", { displayHolds: hold("python", "windfall") }],
    ["Anna's own caffeinate", "here", { displayHolds: hold("caffeinate") }],
    ["an app of a session in the background", "quiet", { displayHolds: hold("vlc", "ben") }],
    ["Anna works over ssh", "here", { remoteLogins: login("anna", 3_000) }],
    ["Anna works over ssh and the display sleeps", "here", { ...DARK, remoteLogins: login("anna", 3_000) }],
    [
      "Anna works over ssh, beside a forgotten login",
      "here",
      { remoteLogins: [...login("anna", 3_000), ...login("anna", HOUR_MS)] },
    ],
    ["a forgotten login of Anna's", "quiet", { remoteLogins: login("anna", HOUR_MS) }],
    [
      "a login of Anna's, idle for who knows how long",
      "here",
      { remoteLogins: [{ user: "anna", from: "x", isWindfall: false, idleMs: NOT_TOLD }] },
    ],
    ["Windfall's own session", "quiet", { remoteLogins: login("anna", 0, true) }],
    ["an administrator works over ssh", "quiet", { remoteLogins: login("admin", 0) }],
    ["the idle time is not told", "blind", { idleMs: NOT_TOLD }],
    ["the assertions are not told", "blind", { displayHolds: NOT_TOLD }],
    ["the assertions are not told, but it is locked", "quiet", { displayHolds: NOT_TOLD, locked: true }],
    ["the logins are not told", "blind", { remoteLogins: NOT_TOLD }],
    [
      "one sign suffices, whatever is not told",
      "here",
      { idleMs: NOT_TOLD, remoteLogins: NOT_TOLD, displayHolds: hold("zoom.us") },
    ],
    [
      "what decides nothing here is not told",
      "quiet",
      { console: NOT_TOLD, display: NOT_TOLD, wokeAgoMs: NOT_TOLD, activeUntilMs: NOT_TOLD },
    ],
  ]
  for (const [what, says, values] of rows) {
    it(`${what}: ${says}`, () => assert.equal(watchOf([[0, values]]).says, says))
  }

  it("counts everybody's login where nobody is known as the owner", () => {
    const nobodys = { owner: null, jobs: "windfall" }
    assert.equal(watchOf([[0, { remoteLogins: login("ben", 0) }]], { accounts: nobodys }).says, "here")
  })
})

describe("observe() over several looks", () => {
  const away = watchOf(row(QUIET, QUIET, QUIET))

  it("needs three quiet looks in a row for away, and one for here", () => {
    assert.equal(watchOf(row(QUIET)).presence.state, "unknown")
    assert.equal(watchOf(row(QUIET, QUIET)).presence.state, "unknown")
    assert.equal(away.presence.state, "away")
    assert.equal(watchOf([[1_500, { idleMs: 100 }]], { before: away }).presence.state, "here")
  })

  it("stays here between two keys that are a minute and more apart, until it was quiet three times", () => {
    const typed = watchOf([[0, { idleMs: 0 }]])
    const states = [1, 2, 3].map((count) => {
      const looks = [60_000, 60_500, 61_000].slice(0, count).map((ms) => [ms, { idleMs: ms }] as const)
      return watchOf(looks, { before: typed }).presence.state
    })
    assert.deepEqual(states, ["here", "here", "away"])
  })

  it("dates away from the last input, and keeps that", () => {
    const watch = watchOf([[60_000, {}]], { before: away })
    assert.deepEqual(watch.presence, away.presence)
    assert.equal(watch.quietMs, HOUR_MS + 60_000)
    assert.equal(presenceText(watch.presence, watch.at), "away for 1h 01m")
  })

  it("dates away from the end of a call", () => {
    const call = watchOf(row(QUIET, { displayHolds: hold("zoom.us") }))
    const watch = watchOf(
      [
        [10_500, {}],
        [11_000, {}],
        [11_500, {}],
      ],
      { before: call },
    )
    assert.equal(watch.presence.state, "away")
    assert.equal(watch.quietMs, 11_000)
  })

  it("dates away from the end of a call, and not from a login that was forgotten before", () => {
    const call = watchOf(row({ displayHolds: hold("zoom.us") }))
    const looks = [10_000, 10_500, 11_000].map((ms) => [ms, { remoteLogins: login("anna", HOUR_MS + ms) }] as const)
    assert.equal(watchOf(looks, { before: call }).quietMs, 11_000)
  })

  it("dates the last of many keys exactly", () => {
    const keys = [0, 700, 1_400, 2_100].map((ms) => [ms, { idleMs: 0 }] as const)
    assert.equal(watchOf([...keys, [92_100, { idleMs: 90_000 }]]).quietMs, 90_000)
  })

  it("does not believe one dark wake, however many looks see it", () => {
    const looks = [2, 4, 8, 16, 32, 59].map((s) => [s * SECOND_MS, { ...DARK, idleMs: (s - 1) * SECOND_MS }] as const)
    const watch = watchOf(looks, { before: away })
    assert.equal(watch.presence.state, "away")
    assert.equal(watch.says, "doubtful")
    const after = watchOf([[70_000, { ...DARK, idleMs: 69_000 }]], { before: watch })
    assert.equal(after.says, "quiet")
    assert.equal(after.quietMs, HOUR_MS + 70_000)
  })

  it("believes a second input in the dark", () => {
    const watch = watchOf(
      [
        [2_000, { ...DARK, idleMs: 100 }],
        [4_000, { ...DARK, idleMs: 100 }],
      ],
      { before: away },
    )
    assert.equal(watch.presence.state, "here")
  })

  it("believes a first input in the dark once the display is lit", () => {
    const watch = watchOf(
      [
        [2_000, { ...DARK, idleMs: 100 }],
        [2_500, { locked: true, idleMs: 600 }],
      ],
      { before: away },
    )
    assert.equal(watch.presence.state, "here")
  })

  it("does not add up the dark wakes of a night", () => {
    let before = away
    for (let wake = 1; wake <= 17; wake++) {
      const atMs = wake * 15 * 60_000
      const looks = [2, 4, 6].map(
        (s) => [atMs + s * SECOND_MS, { ...DARK, idleMs: s * SECOND_MS, wokeAgoMs: s * SECOND_MS }] as const,
      )
      before = watchOf(looks, { before })
      assert.equal(before.presence.state, "away")
    }
    const morning = watchOf([[5 * HOUR_MS, { ...DARK, idleMs: 120_000, wokeAgoMs: 120_000 }]], { before })
    assert.equal(morning.says, "quiet")
    assert.ok(morning.quietMs > 5 * HOUR_MS)
  })

  it("does not take the idle time for younger because it stood still in sleep", () => {
    const watch = watchOf([[8 * HOUR_MS, { ...DARK, idleMs: HOUR_MS + 5_000, wokeAgoMs: 5_000 }]], { before: away })
    assert.equal(watch.quietMs, 9 * HOUR_MS)
  })

  it("sees the key that woke it", () => {
    const watch = watchOf([[8 * HOUR_MS, { locked: true, idleMs: 3_000, wokeAgoMs: 3_000 }]], { before: away })
    assert.equal(watch.presence.state, "here")
  })

  it("sees the key that woke it, also right after the one before it slept", () => {
    const typed = watchOf([[0, { idleMs: 0 }]])
    const watch = watchOf([[HOUR_MS, { locked: true, idleMs: 2_000, wokeAgoMs: 2_000 }]], { before: typed })
    assert.equal(watch.presence.state, "here")
    assert.equal(watch.input?.lastInputMs, later(HOUR_MS - 2_000).sleepCountingMs)
  })

  it("takes a program that types at a locked, dark Mac for one after two minutes, until it is lit", () => {
    let before = away
    const states: string[] = []
    for (let s = 2; s <= 140; s += 2) {
      before = watchOf([[s * SECOND_MS, { ...DARK, idleMs: 50 }]], { before })
      states.push(before.presence.state)
    }
    const changes = states.filter((state, index) => state !== states[index - 1])
    assert.deepEqual(changes, ["away", "here", "away"])
    assert.ok(before.quietMs > HOUR_MS)
    assert.equal(watchOf([[142_000, { locked: true, idleMs: 50 }]], { before }).presence.state, "here")
  })

  it("takes it for one, too, where somebody had typed just before", () => {
    let before = watchOf([[0, { idleMs: 0 }]])
    for (let ms = 500; ms <= 200_000; ms += 500) before = watchOf([[ms, { ...DARK, idleMs: 50 }]], { before })
    assert.equal(before.presence.state, "away")
    assert.equal(before.quietMs, 200_000)
  })

  it("does not take a mark of activity for new that it could not see before", () => {
    const activeUntilMs = later(100_000).sleepCountingMs
    const looks = row(
      { activeUntilMs: NOT_TOLD },
      { activeUntilMs: NOT_TOLD },
      { activeUntilMs: NOT_TOLD },
      { activeUntilMs },
    )
    assert.equal(watchOf(looks).presence.state, "away")
  })

  it("notices remapped keys, which the idle time misses, by the system's own mark of activity", () => {
    const until = (ms: number): LookValues => ({ activeUntilMs: later(ms).sleepCountingMs })
    const before = watchOf(row(until(100_000), until(100_000), until(100_000)))
    const still = watchOf([[6_000, until(100_000)]], { before })
    assert.equal(still.presence.state, "away")
    const typed = watchOf([[8_000, until(160_000)]], { before: still })
    assert.deepEqual(typed.presence, { state: "here", since: later(8_000), sign: { code: "uncounted_input" } })
  })

  it("leaves the system's mark of activity alone in the dark, where a wake sets it, too", () => {
    const until = (ms: number): LookValues => ({ ...DARK, activeUntilMs: later(ms).sleepCountingMs })
    const watch = watchOf(row(until(100_000), until(100_000), until(100_000), until(160_000)))
    assert.equal(watch.says, "quiet")
  })

  it("calls it unknown only when it could not be told three times and for ten seconds", () => {
    const blind = (...seconds: number[]) => seconds.map((s) => [s * SECOND_MS, { idleMs: NOT_TOLD }] as const)
    assert.equal(watchOf(blind(2, 3, 4), { before: away }).presence.state, "away")
    assert.equal(watchOf(blind(2, 12), { before: away }).presence.state, "away")
    const unknown = watchOf(blind(2, 7, 12), { before: away })
    assert.deepEqual(unknown.presence, {
      state: "unknown",
      since: later(2_000),
      reason: "how long nothing was typed is not known: the command timed out",
    })
    const flapping = watchOf(
      [
        [13_000, {}],
        [14_000, { idleMs: NOT_TOLD }],
        [15_000, {}],
        [16_000, {}],
      ],
      { before: unknown },
    )
    assert.equal(flapping.presence.state, "unknown")
    assert.equal(watchOf([[17_000, {}]], { before: flapping }).presence.state, "away")
  })

  it("believes the first quiet look where the policy says so", () => {
    assert.equal(watchOf(row(QUIET), { rule: { looksForAway: 1, hereIdleMs: 60_000 } }).presence.state, "away")
  })
})
