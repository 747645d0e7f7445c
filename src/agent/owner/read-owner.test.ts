import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { readLever } from "./read-owner.ts"
import { Said } from "./said.ts"

const NOW = 1_800_000_000_000
const DAY = 86_400_000
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
      return new Said({ path: scratch.at("owner"), ballast: scratch.at("ballast") }, NOW).lever.pauses
    }
    const [soon, late] = [word(NOW + DAY, null), word(NOW + DAY + 1, null)]
    assert.deepEqual(said({ owner: soon, job: late }), { owner: soon, job: word(NOW, null) })
    const twoHours = word(NOW + 9 * DAY, NOW + 9 * DAY + 7_200_000)
    assert.deepEqual(said({ owner: twoHours }), { owner: word(NOW, NOW + 7_200_000) })
    assert.deepEqual(said({ owner: word(NOW, 1e300) }), {})
  })
})
