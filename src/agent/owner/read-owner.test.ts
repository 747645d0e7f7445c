import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { describe, it } from "node:test"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { isDate } from "../../protocol/owner.ts"
import { readLever } from "./read-owner.ts"
import { Said } from "./said.ts"

const NOW = 1_800_000_000_000
const DAY = 86_400_000
const HOUR = 3_600_000
const clocksAt = (wallMs: number) => ({ now: () => ({ wallMs, sleepCountingMs: 20 }), bootId: "one" })
const word = (at: number, until: number | null, since = at) => ({ at, by: "anna", pause: { until, since } })

describe("a lever that is read", () => {
  it("lacks the words whose times are no dates, and keeps the others", () => {
    const good = word(NOW, NOW + 1)
    for (const bad of [word(1e300, null), word(NOW, 1e300), word(NOW, 8.64e15 + 1), word(NOW, null, -1e300)]) {
      assert.deepEqual(readLever({ pauses: { owner: bad, admin: good }, rules: null }).pauses, { admin: good })
    }
    const rules = { at: 1e300, by: "anna", rules: {} }
    assert.equal(readLever({ pauses: {}, rules }).rules, null)
    assert.throws(() => readLever({ pauses: { owner: { at: "now" } }, rules: null }))
    assert.throws(() => readLever({ pauses: {}, rules: 5 }))
    assert.throws(() => readLever(null))
  })

  it("has words of the future as said now where this host kept it: the clock was set back since", () => {
    using scratch = new ScratchFolder()
    const said = (pauses: object) => {
      scratch.write({ owner: JSON.stringify({ terms: null, lever: { pauses, rules: null }, taken: {} }) })
      return new Said({ path: scratch.at("owner"), ballast: scratch.at("ballast") }, clocksAt(NOW)).lever.pauses
    }
    const [soon, late] = [word(NOW + DAY, null), word(NOW + DAY + 1, null)]
    assert.deepEqual(said({ owner: soon, job: late }), { owner: soon, job: word(NOW, null) })
    const twoHours = word(NOW + 9 * DAY, NOW + 9 * DAY + 7_200_000)
    assert.deepEqual(said({ owner: twoHours }), { owner: word(NOW, NOW + 7_200_000) })
    assert.deepEqual(said({ owner: word(NOW, 1e300) }), {})
  })

  it("is put to the clock that was set while nobody looked, as far as that can be known", () => {
    using scratch = new ScratchFolder()
    const where = { path: scratch.at("owner"), ballast: scratch.at("ballast") }
    const terms = { host: "mac-3", owner: null, consoleAccount: null, fleet: { preset: "default", rules: {} } }
    const lever = { pauses: { owner: word(NOW, NOW + HOUR) }, rules: null }
    new Said(where, clocksAt(NOW)).take(terms, lever)
    const later = (wallMs: number, sleepCountingMs: number, bootId = "one") =>
      new Said(where, { now: () => ({ wallMs, sleepCountingMs }), bootId }).lever.pauses.owner
    assert.deepEqual(later(NOW + 50, 70), word(NOW, NOW + HOUR))
    assert.deepEqual(later(NOW + 5 * HOUR, 20), word(NOW + 5 * HOUR, NOW + 6 * HOUR))
    assert.deepEqual(later(NOW - 5 * HOUR, 20), word(NOW - 5 * HOUR, NOW - 4 * HOUR))
    assert.deepEqual(later(NOW + 5 * HOUR, 20, "another"), word(NOW, NOW + HOUR))
    // Jobs can write there.
    const file = JSON.parse(readFileSync(where.path, "utf8")) as object
    for (const wallMs of [-8e15, 8e15, 1e300, "now", null]) {
      const written = { wallMs, sleepCountingMs: 0, bootId: "one" }
      scratch.write({ owner: JSON.stringify({ ...file, written }) })
      const until = later(NOW, 0)?.pause?.until
      assert.ok(until === undefined || isDate(until), `${until}`)
    }
  })
})
