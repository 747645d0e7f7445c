import assert from "node:assert/strict"
import { appendFileSync, truncateSync, writeFileSync } from "node:fs"
import { test } from "node:test"
import fc from "fast-check"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { OutputTail } from "./output-tail.ts"

const MIB = 1024 * 1024

function readAll(tail: OutputTail): { readonly text: string; readonly gaps: number[][] } {
  const pieces: Buffer[] = []
  const gaps: number[][] = []
  let expected: number | null = null
  for (let piece = tail.next(); piece !== null; piece = tail.next()) {
    if (expected !== null && piece.offset !== expected) gaps.push([expected, piece.offset])
    pieces.push(Buffer.from(piece.bytes))
    expected = piece.offset + piece.bytes.length
  }
  return { text: Buffer.concat(pieces).toString("latin1"), gaps }
}

function tailOf(path: string, more: Partial<ConstructorParameters<typeof OutputTail>[0]> = {}): OutputTail {
  return new OutputTail({ path, headBytes: 64 * MIB, tailBytes: 16 * MIB, secrets: [], ...more })
}

test("OutputTail gives what is there, then what comes, then knows that it is done", () => {
  using scratch = new ScratchFolder()
  const path = scratch.at("out")
  const tail = tailOf(path)
  assert.equal(tail.next(), null)
  writeFileSync(path, "one")
  assert.equal(readAll(tail).text, "one")
  appendFileSync(path, "two")
  assert.equal(readAll(tail).text, "two")
  assert.equal(tail.done, false)
  appendFileSync(path, "after the end")
  tail.complete(6)
  assert.equal(tail.next(), null)
  assert.equal(tail.done, true)
  tail.close()
})

test("OutputTail says of a file that is gone, or was cut, that nothing is left, once", () => {
  using scratch = new ScratchFolder()
  const [gone, cut] = [tailOf(scratch.at("gone")), tailOf(scratch.at("cut"))]
  writeFileSync(scratch.at("cut"), "on")
  for (const tail of [gone, cut]) tail.complete(6)
  const told = (tail: OutputTail) => {
    const piece = tail.next()
    return piece === null ? null : [piece.offset, Buffer.from(piece.bytes).toString()]
  }
  assert.deepEqual([told(gone), told(gone), gone.done], [[6, ""], null, true])
  assert.deepEqual([told(cut), told(cut), told(cut), cut.done], [[0, "on"], [6, ""], null, true])
  cut.close()
})

test("OutputTail masks the same from any offset on", () => {
  using scratch = new ScratchFolder()
  const path = scratch.at("out")
  const secret = "ababcabab"
  const content = fc.string({ unit: fc.constantFrom("ab", "abc", secret, "x"), maxLength: 40 })
  fc.assert(
    fc.property(content, fc.nat({ max: 200 }), (text, start) => {
      writeFileSync(path, text)
      const [whole, part] = [tailOf(path, { secrets: [secret] }), tailOf(path, { secrets: [secret] })]
      const from = Math.min(start, text.length)
      part.seek(from)
      for (const tail of [whole, part]) tail.complete(text.length)
      assert.equal(readAll(part).text, readAll(whole).text.slice(from))
      whole.close()
      part.close()
    }),
    { numRuns: 300 },
  )
})

test("OutputTail gives the whole head, then leaves out what is neither head nor tail", () => {
  using scratch = new ScratchFolder()
  const path = scratch.at("out")
  writeFileSync(path, Buffer.alloc(10 * MIB, "a"))
  const tail = tailOf(path, { headBytes: MIB, tailBytes: 2 * MIB })
  const { text, gaps } = readAll(tail)
  assert.deepEqual(gaps, [[MIB, 8 * MIB]])
  assert.equal(text.length, 3 * MIB)
  tail.close()
})

test("OutputTail never names a range for reclaiming that it may still have to read", () => {
  using scratch = new ScratchFolder()
  const path = scratch.at("out")
  writeFileSync(path, "")
  truncateSync(path, 100 * MIB)
  const tail = tailOf(path, { headBytes: 10 * MIB, tailBytes: 20 * MIB, secrets: ["a secret of some length"] })
  tail.seek(0)
  // Nothing received: head and tail stay, what is between goes.
  const [between, ...none] = tail.reclaim()
  assert.deepEqual(none, [])
  assert.ok(between !== undefined && between.offset >= 10 * MIB && between.offset + between.lengthBytes < 80 * MIB)
  assert.deepEqual(tail.reclaim(), [])
  for (let piece = tail.next(); piece !== null; piece = tail.next()) tail.received(piece.offset)
  const again = tail.reclaim()
  assert.ok(again.length > 0)
  for (const { offset, lengthBytes } of again) assert.ok(offset + lengthBytes <= 100 * MIB)
  tail.close()
})
