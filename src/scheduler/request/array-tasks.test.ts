import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { type ArrayTasks, arrayText, hasTask, readArrayTasks, taskIndices } from "./array-tasks.ts"

/** The tasks whose bits are set. */
function ofMask(mask: number, atOnce: number | null = null): ArrayTasks {
  const indices = Array.from({ length: 32 }, (_, index) => index).filter((index) => (mask >>> index) % 2 === 1)
  return { ...readArrayTasks(indices.join(",")), atOnce }
}

describe("readArrayTasks()", () => {
  const rows: [text: string, indices: number[], atOnce: number | null][] = [
    ["0-3", [0, 1, 2, 3], null],
    ["1,3,5,7", [1, 3, 5, 7], null],
    ["1-7:2", [1, 3, 5, 7], null],
    ["0-15%4", Array.from({ length: 16 }, (_, index) => index), 4],
    ["7", [7], null],
    ["5-5", [5], null],
    ["1-3,2-5,4", [1, 2, 3, 4, 5], null],
    ["9,1-2", [1, 2, 9], null],
    ["0-9:4,1%2", [0, 1, 4, 8], 2],
    ["3-4:9", [3], null],
  ]
  for (const [text, indices, atOnce] of rows) {
    it(text, () => {
      const tasks = readArrayTasks(text)
      assert.deepEqual([...taskIndices(tasks)], indices)
      assert.deepEqual([tasks.count, tasks.atOnce], [indices.length, atOnce])
    })
  }

  it("takes 1-100%8, and a large one without making each", () => {
    assert.deepEqual(readArrayTasks("1-100%8"), { runs: [{ first: 1, last: 100 }], count: 100, atOnce: 8 })
    assert.deepEqual(readArrayTasks("0-4000000").runs, [{ first: 0, last: 4_000_000 }])
  })

  const refused: [text: string, reason: string][] = [
    ["", "a task is missing, before or after a comma or altogether"],
    ["1,,2", "a task is missing, before or after a comma or altogether"],
    ["1-3,", "a task is missing, before or after a comma or altogether"],
    ["%4", "a task is missing, before or after a comma or altogether"],
    ["-1", '"-1" is below 0'],
    ["1-", '"1-" is neither N, FROM-TO nor FROM-TO:STEP'],
    ["a-b", '"a-b" is neither N, FROM-TO nor FROM-TO:STEP'],
    ["1 - 3", '"1 - 3" is neither N, FROM-TO nor FROM-TO:STEP'],
    ["5:2", '"5:2" is neither N, FROM-TO nor FROM-TO:STEP'],
    ["0x7", '"0x7" is neither N, FROM-TO nor FROM-TO:STEP'],
    ["1-3-5", '"1-3-5" is neither N, FROM-TO nor FROM-TO:STEP'],
    ["[1-3]", '"[1-3]" is neither N, FROM-TO nor FROM-TO:STEP'],
    ["1,5-2", '"5-2" goes down'],
    ["1-7:0", '"1-7:0" has a step of 0'],
    ["4000001", "4000001 is too large, 4000000 is the highest"],
    ["1-99999999999999999999", "99999999999999999999 is too large, 4000000 is the highest"],
    ["1-4%0", "with %0 none would ever run: send it with --hold instead"],
    ["1-4%", '"" after % is not a number of tasks, as in 1-100%8'],
    ["1-4%x", '"x" after % is not a number of tasks, as in 1-100%8'],
    ["1-4%-2", '"-2" after % is not a number of tasks, as in 1-100%8'],
    ["1-4%2%3", "% stands once, at the end"],
  ]
  for (const [text, reason] of refused) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(() => readArrayTasks(text), {
        name: "SyntaxError",
        message: `"${text}" is no list of tasks: ${reason}`,
      })
    })
  }

  it("holds to what policy allows", () => {
    assert.equal(readArrayTasks("0-1000", { maxIndex: 1000 }).count, 1001)
    assert.throws(() => readArrayTasks("0-1001", { maxIndex: 1000 }), /1001 is too large, 1000 is the highest/)
    assert.throws(() => readArrayTasks("0-9,20", { maxTasks: 10 }), /it has 11 tasks, and an array may have 10/)
  })
})

describe("arrayText()", () => {
  it("has the vectors of Slurm's own test", () => {
    assert.equal(arrayText(ofMask(0x7)), "0-2")
    assert.equal(arrayText(ofMask(0x9c6)), "1-2,6-8,11")
    assert.equal(arrayText(ofMask(0x9c6, 9)), "1-2,6-8,11%9")
    assert.equal(arrayText(ofMask(0x55554, 9)), "2-18:2%9")
    assert.equal(arrayText(ofMask(0x45174, 9)), "2,4-6,8,12,14,18%9")
    assert.equal(arrayText(ofMask(0x55154, 9)), "2,4,6,8,12,14,16,18%9")
    assert.equal(arrayText(ofMask(0x55154), 10), "2,4,6,...")
  })

  it("is read as the same, whatever the tasks are", () => {
    const part = fc
      .tuple(fc.nat(60), fc.nat(60), fc.integer({ min: 1, max: 9 }))
      .map(([a, b, step]) => `${Math.min(a, b)}-${Math.max(a, b)}:${step}`)
    const atOnce = fc.option(fc.integer({ min: 1, max: 99 }))
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), atOnce, (parts, most) => {
        const tasks = readArrayTasks(parts.join(",") + (most === null ? "" : `%${most}`))
        assert.deepEqual(readArrayTasks(arrayText(tasks)), tasks)
        const indices = [...taskIndices(tasks)]
        assert.equal(indices.length, tasks.count)
        for (let index = 0; index <= 61; index++) assert.equal(hasTask(tasks, index), indices.includes(index))
      }),
    )
  })
})
