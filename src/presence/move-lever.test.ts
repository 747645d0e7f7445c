import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { type Lever, NO_LEVER, VOICES } from "../protocol/owner.ts"
import { knowsAll, leverKey, mergeLevers } from "./merge-lever.ts"
import { paused, pausesOf, resumed, ruled } from "./move-lever.ts"
import { activePause, type Speaker } from "./pause.ts"
import { saidPolicy, saidValues } from "./said-policy.ts"

const HOUR_MS = 3_600_000
const NOW = Date.parse("2026-11-27T12:00+01:00")
const say = (speaker: Speaker, wallMs = NOW, by: string = speaker) => ({ speaker, by, wallMs })

// Few values, so that ties come up.
const times = fc.integer({ min: 0, max: 3 })
const names = fc.constantFrom("anna", "ben")
const word = fc.record({
  at: times,
  by: names,
  pause: fc.option(fc.record({ until: fc.option(times), since: times })),
})
const levers: fc.Arbitrary<Lever> = fc.record({
  pauses: fc.record({ owner: word, admin: word, job: word }, { requiredKeys: [] }),
  rules: fc.option(
    fc.record({ at: times, by: names, rules: fc.dictionary(fc.constantFrom("hours", "who"), names, { maxKeys: 2 }) }),
  ),
})

describe("mergeLevers()", () => {
  it("comes to the same in any order and however often", () => {
    fc.assert(
      fc.property(levers, levers, levers, (a, b, c) => {
        const key = leverKey(mergeLevers(mergeLevers(a, b), c))
        assert.equal(leverKey(mergeLevers(mergeLevers(c, b), a)), key)
        assert.equal(leverKey(mergeLevers(mergeLevers(mergeLevers(b, c), a), b)), key)
      }),
    )
  })

  it("keeps of each voice the latest word, and only words that were said", () => {
    fc.assert(
      fc.property(levers, levers, (a, b) => {
        const merged = mergeLevers(a, b)
        for (const voice of VOICES) {
          const said = [a.pauses[voice], b.pauses[voice]].filter((each) => each !== undefined)
          assert.equal(merged.pauses[voice] === undefined, said.length === 0)
          const kept = merged.pauses[voice]
          if (kept === undefined) continue
          assert.ok(said.includes(kept))
          assert.ok(said.every(({ at }) => at <= kept.at))
        }
        assert.ok(merged.rules === a.rules || merged.rules === b.rules)
      }),
    )
  })

  it("knows what it was made of", () => {
    fc.assert(
      fc.property(levers, levers, (a, b) => {
        const merged = mergeLevers(a, b)
        assert.ok(knowsAll(merged, a) && knowsAll(merged, b))
        assert.equal(knowsAll(a, b), leverKey(merged) === leverKey(a))
      }),
    )
  })

  it("loses no pause to a resume of the same millisecond", () => {
    const pause = paused(NO_LEVER, say("owner"), null)
    const resume: Lever = { pauses: { owner: { at: NOW, by: "zoe", pause: null } }, rules: null }
    assert.deepEqual(mergeLevers(pause, resume), pause)
    assert.deepEqual(mergeLevers(resume, pause), pause)
  })
})

describe("moving a lever", () => {
  it("gives each voice a pause of its own, and the longest holds", () => {
    let lever = paused(NO_LEVER, say("owner"), NOW + 2 * HOUR_MS)
    lever = paused(lever, say("admin"), NOW + HOUR_MS)
    lever = paused(lever, say("job"), NOW + 3 * HOUR_MS)
    assert.equal(pausesOf(lever).length, 3)
    assert.equal(activePause(pausesOf(lever), NOW)?.by, "job")
    lever = resumed(lever, say("console_user", NOW + 1, "anna"), true)
    assert.deepEqual(pausesOf(lever), [])
    assert.equal(lever.pauses.job?.by, "anna")
  })

  it("lets an administrator take back only what an administrator said, where there is an owner", () => {
    const lever = paused(paused(NO_LEVER, say("owner"), null), say("admin"), null)
    assert.deepEqual(
      pausesOf(resumed(lever, say("admin", NOW + 1), true)).map(({ speaker }) => speaker),
      ["owner"],
    )
    assert.deepEqual(pausesOf(resumed(lever, say("admin", NOW + 1), false)), [])
  })

  it("leaves the lever as it is for a word that changes nothing", () => {
    const lever = paused(NO_LEVER, say("job"), NOW + 2 * HOUR_MS)
    assert.equal(paused(lever, say("job", NOW + 1), NOW + HOUR_MS), lever)
    assert.equal(resumed(lever, say("job", NOW + 1), true), lever)
    // The Mac may have heard of a pause that is not known here.
    assert.deepEqual(resumed(NO_LEVER, say("owner"), true).pauses.owner?.pause, null)
  })

  it("outdoes what it answers, although its clock is behind", () => {
    const atMac = paused(NO_LEVER, say("console_account"), null)
    const atServer = resumed(atMac, say("owner", NOW - HOUR_MS), true)
    assert.deepEqual(pausesOf(mergeLevers(atMac, atServer)), [])
    const rules = ruled(ruled(NO_LEVER, say("owner"), { who: "anna" }), say("owner", NOW - 1), { who: "ben" })
    assert.deepEqual(rules.rules, { at: NOW + 1, by: "owner", rules: { who: "ben" } })
  })

  it("changes rules one by one, and takes them back", () => {
    let lever = ruled(NO_LEVER, say("owner"), { who: "anna", on_return: "vacate" })
    lever = ruled(lever, say("owner", NOW + 1), { who: null, never: "12:00-13:30" })
    assert.deepEqual(lever.rules?.rules, { on_return: "vacate", never: "12:00-13:30" })
    assert.deepEqual(ruled(NO_LEVER, say("owner"), { who: " anna,,ben anna," }).rules?.rules, { who: "anna, ben" })
    assert.throws(() => ruled(lever, say("owner"), { who: ",," }), { code: "invalid_input" })
    assert.throws(() => ruled(lever, say("owner"), { on_return: "shout" }), { code: "invalid_input" })
    assert.throws(() => ruled(lever, say("owner"), { on_retrun: null }), { code: "invalid_input" })
  })
})

describe("saidPolicy()", () => {
  it("is the owner's word before the fleet's before the preset's", () => {
    const lever = ruled(NO_LEVER, say("owner"), { on_return: "vacate" })
    const fleet = { preset: "nobodys", rules: { on_return: "suspend", who: "anna" } }
    const { values, from } = saidPolicy(fleet, lever)
    assert.equal(values.onReturn, "vacate")
    assert.deepEqual(values.who, ["anna"])
    assert.equal(values.startAfterIdleMs, 0)
    assert.deepEqual([from.onReturn, from.who, from.startAfterIdleMs], ["owner", "fleet", "preset"])
  })

  it("goes by what it can read of what a later release has said, and names the rest", () => {
    const rules = { on_return: "vacate", who: "anna", at_night: "yes" }
    assert.deepEqual(saidValues(rules).unread, ["at_night"])
    const { values, preset } = saidPolicy({ preset: "night", rules }, { rules: null })
    assert.equal(values.onReturn, "vacate")
    assert.equal(preset, "default")
  })
})
