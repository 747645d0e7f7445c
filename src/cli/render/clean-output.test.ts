import assert from "node:assert/strict"
import { test } from "node:test"
import type { Cli } from "../cli.ts"
import { CleanOutput, outputsFor } from "./clean-output.ts"

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

test("only of a hive's job is what it printed cleaned: every other one's is its user's own, byte for byte", async () => {
  const written: string[] = []
  const output = {
    isTerminal: true,
    columns: 80,
    closed: false,
    write: async (data: string) => void written.push(data),
  }
  const cli = { stdout: output, jobStderr: output } as unknown as Cli
  for (const kind of ["hive", "task", "session"] as const) {
    const { stdout, jobStderr } = outputsFor(cli, { spec: { kind } } as never)
    await stdout.write("\x1b]0;out\x07")
    await jobStderr.write("\x1b[2J")
  }
  assert.deepEqual(written, ["\\x1b]0;out\\x07", "\\x1b[2J", "\x1b]0;out\x07", "\x1b[2J", "\x1b]0;out\x07", "\x1b[2J"])
})
