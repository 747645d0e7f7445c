import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { countAbove } from "../../test/support/count-memory-above.ts"
import { vmStatText } from "../../test/support/vm-stat-text.ts"
import { mergeSheets } from "./merge.ts"
import { readOutput } from "./read-output.ts"
import { availableIn, parseVmStat } from "./vm-stat.ts"

const GIB = 1024 ** 3
/** 32 GiB. */
const PAGES = {
  ...{ free: 652_276, active: 585_195, inactive: 410_479, speculative: 183_582, wired: 134_298, purgeable: 23_079 },
  ...{ files: 538_942, stored: 227_817, occupied: 96_636 },
}
const TEXT = vmStatText(PAGES)

function whyNot(text: string, memoryBytes: number | null = null): string {
  const available = availableIn(parseVmStat(text, memoryBytes))
  return available.known ? `known: ${available.value}` : available.reason
}

describe("vm_stat", () => {
  it("tells what is available, to whom knows the Mac's memory and to whom does not", () => {
    const bytes = (652_276 + 183_582 + 23_079 + 410_479 / 2) * 16_384
    for (const memoryBytes of [null, 32 * GIB]) {
      assert.deepEqual(availableIn(parseVmStat(TEXT, memoryBytes)), { known: true, value: bytes })
    }
  })

  it("has no more purgeable pages than are on the queues", () => {
    assert.equal(whyNot(TEXT.replace(/(Pages purgeable: +)23079/, "$18304623196")), "contradictory")
    assert.equal(whyNot(vmStatText({ ...PAGES, purgeable: 1_179_257 })), "contradictory")
    assert.equal(
      whyNot(TEXT.replace(/(Pages purgeable: +).*\n.*\n/, "$18304.\n")),
      "garbage",
      "joined with a later line",
    )
    assert.equal(whyNot(TEXT.replace(/(Pages purgeable: +)[\s\S]*Swapins: +/, "$1")), "garbage", "with one much later")
    assert.equal(whyNot(TEXT.replace(/(Pages purgeable: +)[\s\S]*Swapouts: +/, "$1")), "truncated", "with the last one")
  })

  it("does not believe sizes that no Mac has, whatever is missing", () => {
    for (const label of ["Pages occupied by compressor", "Pages wired down"]) {
      const without = TEXT.replace(new RegExp(`${label}: .*\\n`), "")
      const huge = without.replace(/(Pages free: +)\d+/, "$199999999999999")
      assert.equal(whyNot(huge), "contradictory", label)
    }
    assert.equal(whyNot(TEXT.replace(/(Pages free: +)\d+/, "$19007199254740993")), "implausible", "beyond 2^53")
    assert.equal(whyNot(TEXT.replace(/(Pages free: +)\d+/, "$100123")), "garbage")
  })

  it("does not believe what this Mac cannot have", () => {
    for (const gib of [8, 16, 24, 64]) assert.equal(whyNot(TEXT, gib * GIB), "contradictory", `${gib} GiB`)
    const sheets = ["hw.memsize: 25769803776\nhw.model: Mac16,10\n", TEXT].map((text) => ({
      source: text.slice(0, 4),
      sheet: readOutput(text).sheet,
    }))
    const merged = mergeSheets(sheets)
    for (const fact of [merged.get("memoryAvailableBytes"), merged.get("pagesOf", "Pages free")]) {
      assert.equal(fact?.known === false && fact.reason, "contradictory")
    }
    assert.equal(merged.number("memoryBytes"), 24 * GIB)
  })

  it("says of what is there twice with different values that it is contradictory", () => {
    const text = `${TEXT}Pages free: 77.\n`
    assert.equal(whyNot(text), "contradictory")
    const { sheet } = readOutput(text)
    for (const fact of [sheet.get("memoryAvailableBytes"), sheet.get("pagesOf", "Pages free")]) {
      assert.equal(fact?.known === false && fact.reason, "contradictory")
    }
    assert.equal(whyNot(`${TEXT}Mach Virtual Memory Statistics: (page size of 4096 bytes)\n`), "contradictory")
  })

  it("never comes to more than the Mac has, however damaged", () => {
    assert.deepEqual(countAbove(TEXT, 32 * GIB, { count: 1_000, seed: 26 }), [])
  })
})
