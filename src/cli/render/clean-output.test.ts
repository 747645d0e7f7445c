import assert from "node:assert/strict"
import { test } from "node:test"
import { CleanOutput } from "./clean-output.ts"

test("what a hostile template has in it steers no terminal, however it comes in pieces", async () => {
  const written: string[] = []
  const inner = {
    isTerminal: true,
    columns: 80,
    closed: false,
    write: async (data: string | Uint8Array) => void written.push(String(data)),
  }
  const output = new CleanOutput(inner)
  const bytes = Buffer.from("template: \x1b]0;owned\x07\x1b[2J\u202eü\n\tnext\r\n")
  for (const byte of bytes) await output.write(Uint8Array.of(byte))
  assert.equal(written.join(""), "template: \\x1b]0;owned\\x07\\x1b[2J\\u202eü\n\tnext\\x0d\n")
  assert.deepEqual([output.isTerminal, output.columns, output.closed], [true, 80, false])
})
