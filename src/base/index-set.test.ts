import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { IndexSet } from "./index-set.ts"

const index = fc.nat(40)
const act = fc.record({ kind: fc.constantFrom("add", "delete", "addRun"), index, more: fc.nat(6) })

describe("IndexSet", () => {
  it("is what a Set of the same numbers is", () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), fc.array(index), (acts, others) => {
        const set = new IndexSet()
        const plain = new Set<number>()
        for (const { kind, index, more } of acts) {
          if (kind === "delete") assert.equal(set.delete(index), plain.delete(index))
          else {
            const last = kind === "add" ? index : index + more
            if (kind === "add") set.add(index)
            else set.addRun(index, last)
            for (let each = index; each <= last; each++) plain.add(each)
          }
        }
        const other = new IndexSet(others.map((one) => ({ first: one, last: one })))
        const sorted = [...plain].sort((a, b) => a - b)
        assert.deepEqual([...set], sorted)
        assert.equal(set.size, sorted.length)
        for (let each = 0; each <= 50; each++) assert.equal(set.has(each), plain.has(each))
        for (const [rank, each] of sorted.entries()) {
          assert.equal(set.rankOf(each), rank)
          assert.equal(set.at(rank), each)
        }
        assert.equal(set.at(sorted.length), undefined)
        assert.deepEqual([...IndexSet.parse(`${set}`)], sorted)
        for (const [at, run] of set.runs.entries())
          assert.ok(at === 0 || run.first > set.runs[at - 1]!.last + 1, "a gap between any two")
        const taken = set.takeAll(other)
        assert.deepEqual(
          [...taken],
          sorted.filter((each) => other.has(each)),
        )
        assert.deepEqual(
          [...set],
          sorted.filter((each) => !other.has(each)),
        )
        assert.equal(set.size, sorted.length - taken.size)
        set.addAll(taken)
        assert.deepEqual([...set], sorted)
      }),
    )
  })

  it("writes steps in short", () => {
    assert.equal(`${IndexSet.parse("1-9:2")}`, "1-9:2")
    assert.equal(`${IndexSet.parse("1,3,5,8,9,10,20")}`, "1-5:2,8-10,20")
    assert.equal(`${IndexSet.parse("")}`, "")
    assert.throws(() => IndexSet.parse("1-9:0"), SyntaxError)
  })
})
