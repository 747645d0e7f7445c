import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { EscapeKeys } from "./escape-keys.ts"
import { withoutQueries } from "./terminal-reset.ts"
import { TypedInput } from "./typed-input.ts"

function filterAll(chunks: readonly string[]): { text: string; asked: string[] } {
  const keys = new EscapeKeys()
  const asked: string[] = []
  let text = ""
  for (const chunk of chunks) {
    const found = keys.filter(Buffer.from(chunk))
    text += Buffer.from(found.bytes).toString()
    if (found.asked !== null) asked.push(found.asked)
  }
  return { text, asked }
}

test("EscapeKeys finds ~. and ~? at the start of a line only", () => {
  assert.deepEqual(filterAll(["~."]), { text: "", asked: ["leave"] })
  assert.deepEqual(filterAll(["ls\r", "~", "."]), { text: "ls\r", asked: ["leave"] })
  assert.deepEqual(filterAll(["ls ~.\r"]), { text: "ls ~.\r", asked: [] })
  assert.deepEqual(filterAll(["~?", "a"]), { text: "a", asked: ["help"] })
  assert.deepEqual(filterAll(["~~."]), { text: "~.", asked: [] })
  assert.deepEqual(filterAll(["\r~/bin\r"]), { text: "\r~/bin\r", asked: [] })
})

test("EscapeKeys comes to the same however the keys are cut, and passes keys without a tilde unchanged", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("a", "~", "\r", "\n", "b?"), { maxLength: 30 }), (typed) => {
      const whole = typed.join("")
      assert.equal(filterAll(typed).text, filterAll([whole]).text)
      if (!whole.includes("~")) assert.equal(filterAll([whole]).text, whole)
    }),
  )
})

test("TypedInput sends each key again exactly from where the host stopped", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ text: fc.string({ maxLength: 20 }), taken: fc.double({ min: 0, max: 1, noNaN: true }) })),
      (steps) => {
        const input = new TypedInput()
        let all = Buffer.alloc(0)
        let taken = 0
        for (const step of steps) {
          const bytes = Buffer.from(step.text)
          input.type(bytes)
          all = Buffer.concat([all, bytes])
          taken = Math.max(taken, Math.floor(all.length * step.taken))
          const again = input.again(taken)
          assert.ok(Buffer.concat(again.map((piece) => piece.bytes)).equals(all.subarray(taken)))
          if (again[0] !== undefined) assert.equal(again[0].offset, taken)
          assert.equal(input.waitingBytes, all.length - taken)
        }
      },
    ),
  )
})

test("withoutQueries() takes out what a terminal would answer, and nothing else", () => {
  const kept = "\x1b[31mred\x1b[0m\x1b[2J\x1b[10;5H\x1b]0;title\x07text 5n c"
  assert.equal(Buffer.from(withoutQueries(Buffer.from(kept))).toString(), kept)
  const asked = "a\x1b[cb\x1b[>0cc\x1b[6nd\x1b[?6n\x1b]11;?\x07\x1b]4;1;?\x1b\\e\x1b[>q\x1b[?2026$pf"
  assert.equal(Buffer.from(withoutQueries(Buffer.from(asked))).toString(), "abcdef")
})
