import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { TerminalRing } from "./terminal-ring.ts"

test("TerminalRing keeps exactly the last bytes, at their offsets, whatever the sizes of the writes", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200_000 }),
      fc.array(fc.oneof(fc.nat(40), fc.nat(100_000)), { maxLength: 20 }),
      (maxBytes, sizes) => {
        const ring = new TerminalRing(maxBytes)
        const all = Buffer.alloc(sizes.reduce((sum, size) => sum + size, 0))
        for (let i = 0; i < all.length; i++) all[i] = (i * 31 + (i >> 8)) & 255
        let at = 0
        for (const size of sizes) {
          ring.write(all.subarray(at, at + size))
          at += size
        }
        assert.equal(ring.end, all.length)
        assert.equal(ring.start, Math.max(0, all.length - maxBytes))
        const pieces: Buffer[] = []
        let offset = ring.start
        while (offset < ring.end) {
          const piece = ring.read(offset, 4096)
          assert.ok(piece.length > 0)
          pieces.push(piece)
          offset += piece.length
        }
        assert.ok(Buffer.concat(pieces).equals(all.subarray(ring.start)))
      },
    ),
    { numRuns: 60 },
  )
})

test("TerminalRing refuses to read what it no longer keeps", () => {
  const ring = new TerminalRing(10)
  ring.write(Buffer.from("hello, terminal"))
  assert.throws(() => ring.read(0, 5), RangeError)
  assert.equal(ring.read(ring.end, 5).length, 0)
})
