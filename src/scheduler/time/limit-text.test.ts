import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { readSlurmTimeS, readTimeLimitMs, slurmTimeText } from "./limit-text.ts"

describe("readSlurmTimeS()", () => {
  const rows: [string, number][] = [
    ["-1", Number.POSITIVE_INFINITY],
    ["INFINITE", Number.POSITIVE_INFINITY],
    ["infinite", Number.POSITIVE_INFINITY],
    ["UNLIMITED", Number.POSITIVE_INFINITY],
    ["Unlimited", Number.POSITIVE_INFINITY],
    ["0", 0],
    ["60", 3600],
    ["60:15", 3615],
    ["60:0", 3600],
    ["1:60:15", 7215],
    ["2:60:15", 10_815],
    ["0:0:15", 15],
    ["0:60:0", 3600],
    ["0-1:60:15", 7215],
    ["1-1:60:15", 93_615],
    ["365-0:0:0", 31_536_000],
    ["2-12", 216_000],
    ["2-12:30", 217_800],
  ]
  for (const [text, seconds] of rows) it(`${text} is ${seconds} s`, () => assert.equal(readSlurmTimeS(text), seconds))

  const refused = [
    "",
    "INVALID TIME",
    "60:",
    "60:-10",
    "-60:10",
    "-0:-0:-0",
    " 0:0:0 ",
    "1-",
    "-1-2",
    "1-2-3",
    "1:2:3:4",
    "1h",
    "-2",
  ]
  for (const text of refused) {
    it(`refuses ${JSON.stringify(text)}`, () =>
      assert.throws(() => readSlurmTimeS(text), {
        name: "SyntaxError",
        message: new RegExp(`^"${text}" is not a time: `),
      }))
  }

  it("refuses what has no end", () => {
    assert.throws(() => readSlurmTimeS("9".repeat(40)), {
      message: `"${"9".repeat(40)}" is too long: 2982616-04:13:00 at most`,
    })
    assert.throws(() => readSlurmTimeS("9".repeat(400)), { name: "SyntaxError" })
    assert.equal(readSlurmTimeS("4294967293"), 4_294_967_293 * 60)
  })

  it("reads what slurmTimeText() writes", () => {
    fc.assert(
      fc.property(fc.nat(10_000_000), (seconds) => assert.equal(readSlurmTimeS(slurmTimeText(seconds)), seconds)),
    )
    assert.equal(slurmTimeText(90_061), "1-01:01:01")
    assert.equal(slurmTimeText(59), "00:00:59")
    assert.equal(readSlurmTimeS(slurmTimeText(Number.POSITIVE_INFINITY)), Number.POSITIVE_INFINITY)
  })
})

describe("readTimeLimitMs()", () => {
  it("is whole minutes, rounded up, and none for 0", () => {
    const limits = ["0", "UNLIMITED", "1", "0:1", "1:01", "0:0:60", "1-0"].map(readTimeLimitMs)
    assert.deepEqual(limits, [null, null, 60_000, 60_000, 120_000, 60_000, 86_400_000])
  })
})
