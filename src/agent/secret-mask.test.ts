import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { SecretMask } from "./secret-mask.ts"

/** The definition: every byte that any occurrence of any secret covers is a star. */
function maskWhole(text: Buffer, secrets: readonly string[]): Buffer {
  const masked = Buffer.from(text)
  for (const secret of secrets.map((one) => Buffer.from(one))) {
    if (secret.length < 8) continue
    for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + 1)) {
      masked.fill(0x2a, at, at + secret.length)
    }
  }
  return masked
}

// Two letters only, so that beginnings of secrets, overlaps and repeats are everywhere.
const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 200 }).map((one) => Buffer.from(one))
const secrets = fc.array(fc.string({ unit: fc.constantFrom("a", "b"), minLength: 6, maxLength: 14 }), { maxLength: 3 })
const cuts = fc.array(fc.nat({ max: 20 }), { maxLength: 60 })

test("SecretMask masks the same wherever the stream is cut", () => {
  fc.assert(
    fc.property(text, secrets, cuts, (whole, values, lengths) => {
      const mask = new SecretMask(values)
      const pieces: Uint8Array[] = []
      let at = 0
      for (const length of lengths) {
        // A copy, as the reader uses its buffer again.
        pieces.push(Buffer.from(mask.push(Buffer.from(whole.subarray(at, at + length)), false)))
        at += length
      }
      pieces.push(Buffer.from(mask.push(Buffer.from(whole.subarray(at)), true)))
      assert.equal(Buffer.concat(pieces).toString(), maskWhole(whole, values).toString())
    }),
    { numRuns: 2000 },
  )
})

test("SecretMask masks the same when it begins in the middle with what stands before", () => {
  fc.assert(
    fc.property(text, secrets, fc.nat({ max: 200 }), (whole, values, start) => {
      const from = Math.min(start, whole.length)
      const mask = new SecretMask(values)
      mask.restart(whole.subarray(Math.max(0, from - mask.reachBytes), from))
      const rest = mask.push(whole.subarray(from), true)
      assert.equal(Buffer.from(rest).toString(), maskWhole(whole, values).subarray(from).toString())
    }),
    { numRuns: 2000 },
  )
})

test("SecretMask holds back nothing of ordinary text", () => {
  const mask = new SecretMask(["correct horse battery"])
  assert.equal(Buffer.from(mask.push(Buffer.from("epoch 1: 0.93\n"), false)).toString(), "epoch 1: 0.93\n")
})

test("SecretMask leaves short values alone", () => {
  const mask = new SecretMask(["1234567"])
  assert.equal(mask.idle, true)
  assert.equal(Buffer.from(mask.push(Buffer.from("1234567"), true)).toString(), "1234567")
})

test("SecretMask masks each line of a secret of several lines, and no line that is short", () => {
  const mask = new SecretMask(["-----BEGIN KEY-----\r\nMIIEvQIBADAN\n  bgkqhkiG9w0B\nend\n"])
  const shown = mask.push(Buffer.from("  MIIEvQIBADAN\n'bgkqhkiG9w0B' end\n"), true)
  assert.equal(Buffer.from(shown).toString(), "  ************\n'************' end\n")
})
