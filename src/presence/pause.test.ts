import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { checkLever, type LeverAct, leverRefusal, speakerOf } from "./lever.ts"
import {
  activePause,
  notTodayUntilMs,
  type Pause,
  type Pauses,
  readPauseEnd,
  type Speaker,
  withoutPause,
  withPause,
} from "./pause.ts"

const BERLIN = "Europe/Berlin"
const at = (text: string) => Date.parse(text)
const NOW = at("2026-11-27T12:00+01:00")
const pause = (speaker: Speaker, untilMs: number | null, by: string = speaker): Pause => ({
  untilMs,
  sinceMs: NOW,
  by,
  speaker,
})

describe("not today", () => {
  const rows: [string, string][] = [
    ["2026-11-27T10:00+01:00", "2026-11-28T04:00+01:00"],
    ["2026-11-27T23:30+01:00", "2026-11-28T04:00+01:00"],
    ["2026-11-28T00:00+01:00", "2026-11-28T04:00+01:00"],
    ["2026-11-28T00:01+01:00", "2026-11-29T04:00+01:00"],
    ["2026-11-28T04:00+01:00", "2026-11-29T04:00+01:00"],
    ["2026-11-30T22:00+01:00", "2026-12-01T04:00+01:00"],
    ["2026-03-28T20:00+01:00", "2026-03-29T04:00+02:00"],
    ["2026-10-24T20:00+02:00", "2026-10-25T04:00+01:00"],
  ]
  for (const [said, until] of rows) {
    it(`said at ${said} is until ${until}`, () => assert.equal(notTodayUntilMs(at(said), BERLIN), at(until)))
  }
})

describe("readPauseEnd()", () => {
  const rows: [string, string | null][] = [
    ["2h", "2026-11-27T14:00+01:00"],
    ["1d12h", "2026-11-29T00:00+01:00"],
    ["", null],
    ["today", "2026-11-28T04:00+01:00"],
    ["until 18:00", "2026-11-27T18:00+01:00"],
    ["until 12:00", "2026-11-28T12:00+01:00"],
    ["until 9:00", "2026-11-28T09:00+01:00"],
  ]
  for (const [text, until] of rows) {
    it(JSON.stringify(text), () => assert.equal(readPauseEnd(text, NOW, BERLIN), until === null ? null : at(until)))
  }
  const refused: [string, RegExp][] = [
    ["2", /"2" has no unit/],
    ["10s", /too short: 1m or more/],
    ["365d", /too long: 90d at most/],
    ["until 25:00", /no time of day/],
    ["tomorrow", /is not a duration/],
  ]
  for (const [text, reason] of refused) {
    it(`refuses ${text}`, () => assert.throws(() => readPauseEnd(text, NOW, BERLIN), reason))
  }
})

describe("who moves the lever", () => {
  const none: Pauses = []
  const rows: [Speaker, LeverAct, { hasOwner: boolean; pauses: Pauses }, boolean][] = [
    ["console_account", "resume", { hasOwner: true, pauses: [pause("admin", null)] }, true],
    ["console_account", "rules", { hasOwner: true, pauses: none }, true],
    ["owner", "resume", { hasOwner: true, pauses: [pause("console_user", null)] }, true],
    ["console_user", "pause", { hasOwner: true, pauses: none }, true],
    ["console_user", "resume", { hasOwner: true, pauses: [pause("console_user", null)] }, true],
    ["console_user", "rules", { hasOwner: true, pauses: none }, false],
    ["admin", "pause", { hasOwner: true, pauses: none }, true],
    ["admin", "resume", { hasOwner: true, pauses: [pause("admin", null)] }, true],
    ["admin", "resume", { hasOwner: true, pauses: [pause("owner", null)] }, false],
    ["admin", "resume", { hasOwner: false, pauses: [pause("console_user", null)] }, true],
    ["admin", "rules", { hasOwner: true, pauses: none }, false],
    ["admin", "rules", { hasOwner: false, pauses: none }, true],
    ["job", "pause", { hasOwner: true, pauses: none }, true],
    ["job", "resume", { hasOwner: true, pauses: [pause("job", null)] }, false],
    ["job", "resume", { hasOwner: false, pauses: [pause("job", null)] }, false],
    ["job", "rules", { hasOwner: false, pauses: none }, false],
    ["other", "pause", { hasOwner: true, pauses: none }, false],
  ]
  for (const [speaker, act, mac, may] of rows) {
    it(`${speaker} ${may ? "may" : "may not"} ${act} ${JSON.stringify(mac.pauses.map((each) => each.speaker))}${mac.hasOwner ? "" : ", no owner"}`, () => {
      assert.equal(leverRefusal(speaker, act, mac) === undefined, may)
    })
  }

  it("is told by whose file it is, and what jobs could have written counts as theirs", () => {
    const mac = { consoleAccount: "anna", consoleUser: "ben", jobsAccount: "windfall" }
    assert.equal(speakerOf({ ...mac, account: "anna" }), "console_account")
    assert.equal(speakerOf({ ...mac, account: "ben" }), "console_user")
    assert.equal(speakerOf({ ...mac, account: "windfall" }), "job")
    assert.equal(speakerOf({ ...mac, account: "carla" }), "other")
    assert.equal(speakerOf({ ...mac, account: "anna", jobsAccount: "anna" }), "job")
  })

  it("hears why not, and where instead", () => {
    const mac = { name: "mac-3", hasOwner: true, pauses: [pause("owner", null, "anna")] }
    assert.throws(() => checkLever("admin", "resume", mac), {
      code: "not_allowed",
      message: "Cannot resume mac-3: anna paused it, and it has an owner",
    })
    checkLever("owner", "resume", mac)
  })
})

describe("pauses of several", () => {
  it("hold until the last one ends", () => {
    const both = withPause(withPause([], pause("owner", NOW + 1_000)), pause("admin", NOW + 5_000))
    assert.equal(activePause(both, NOW + 999)?.speaker, "admin")
    assert.equal(activePause(both, NOW + 5_000), null)
    assert.equal(activePause(withPause(both, pause("owner", null)), NOW + 9_000)?.speaker, "owner")
  })

  it("are shortened by nobody but who said them; a job only makes its own longer", () => {
    const owners = withPause([], pause("owner", NOW + 9_000))
    assert.equal(activePause(withPause(owners, pause("job", NOW + 1_000)), NOW)?.untilMs, NOW + 9_000)
    assert.equal(activePause(withPause(owners, pause("owner", NOW + 1_000)), NOW)?.untilMs, NOW + 1_000)
    const jobs = withPause([], pause("job", NOW + 9_000))
    assert.equal(activePause(withPause(jobs, pause("job", NOW + 1_000)), NOW)?.untilMs, NOW + 9_000)
  })

  it("end by the owner's word, an administrator's by the administrator's, and none by a job's", () => {
    const all = [pause("owner", null), pause("admin", null), pause("job", null)].reduce<Pauses>(withPause, [])
    assert.deepEqual(withoutPause(all, "console_user", true), [])
    assert.deepEqual(
      withoutPause(all, "admin", true).map(({ speaker }) => speaker),
      ["owner", "job"],
    )
    assert.deepEqual(withoutPause(all, "admin", false), [])
  })

  it("are never ended or shortened by anything a job writes", () => {
    const ends = fc.option(fc.integer({ min: NOW, max: NOW + 10_000 }))
    const said = fc.array(fc.tuple(fc.constantFrom<Speaker>("owner", "admin", "job", "console_user"), ends), {
      maxLength: 5,
    })
    fc.assert(
      fc.property(
        said,
        ends,
        fc.integer({ min: NOW, max: NOW + 11_000 }),
        fc.boolean(),
        (before, end, ms, hasOwner) => {
          const pauses = before.map(([speaker, untilMs]) => pause(speaker, untilMs)).reduce<Pauses>(withPause, [])
          const held = activePause(pauses, ms) !== null
          if (!held) return
          assert.notEqual(activePause(withPause(pauses, pause("job", end)), ms), null)
          assert.notEqual(activePause(withoutPause(pauses, "job", hasOwner), ms), null)
          assert.notEqual(activePause(withoutPause(pauses, "other", hasOwner), ms), null)
        },
      ),
    )
  })
})
