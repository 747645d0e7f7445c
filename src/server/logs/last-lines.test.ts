import assert from "node:assert/strict"
import { test } from "node:test"
import { TestServer } from "../../../test/support/test-server.ts"
import { lastLines, plainLine } from "./last-lines.ts"

async function linesOf(print: readonly (readonly ["stdout" | "stderr", string])[], count: number): Promise<string[]> {
  await using server = await TestServer.start()
  const host = await server.hosts.join("studio")
  host.script = (simulated, attempt) => {
    simulated.begin(attempt)
    for (const [stream, text] of print) simulated.print(attempt, stream, text)
    simulated.finish(attempt)
  }
  const { id } = await server.untilEnded((await server.submit()).id)
  return lastLines(server.running.core.logs.read(id, 1, true), count)
}

test("lastLines() weaves both streams, line by line, and takes the last ones", async () => {
  const lines = await linesOf(
    [
      ["stdout", "first\nepoch "],
      ["stderr", "warning: slow\n"],
      ["stdout", "1\nepoch 2\n"],
      ["stderr", "Traceback\nValueError: é"],
    ],
    5,
  )
  assert.deepEqual(lines, ["warning: slow", "epoch 1", "epoch 2", "Traceback", "ValueError: é"])
})

test("lastLines() of a large output reads its end alone", async () => {
  const lines = await linesOf(
    [
      ["stdout", "x".repeat(300_000)],
      ["stdout", "\nlast\n"],
    ],
    2,
  )
  assert.equal(lines.at(-1), "last")
  assert.ok((lines[0]?.length ?? 0) <= 64 * 1024)
})

test("lastLines() of a job that printed nothing has none", async () => {
  assert.deepEqual(await linesOf([], 5), [])
})

test("plainLine() shows what a terminal shows in the end", () => {
  assert.equal(plainLine("\x1b[31mError\x1b[0m: bad\x07"), "Error: bad")
  assert.equal(plainLine(" 10 %|#    |\r 50 %|###  |\r100 %|#####|\r"), "100 %|#####|")
  assert.equal(plainLine("a\tb  "), "a\tb")
})
