import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import {
  formatStatus,
  parseRecord,
  parseStatus,
  parseSupervisorLine,
  parseSwept,
  parseToldLine,
  type SupervisorStatus,
} from "./supervisor-text.ts"

const STATUS: SupervisorStatus = {
  cause: "exited",
  exitCode: 3,
  signal: null,
  startedAt: 1_000,
  endedAt: 2_000,
  peakMemoryBytes: 4096,
  stdoutBytes: 12,
  stderrBytes: 0,
}

test("parseStatus() reads what formatStatus() wrote, and nothing that was cut short", () => {
  const text = formatStatus(STATUS)
  assert.deepEqual(parseStatus(text), STATUS)
  assert.deepEqual(parseStatus(`${text}            \n`), STATUS)
  for (let length = 0; length < text.length; length++) assert.equal(parseStatus(text.slice(0, length)), null)
})

test("parseStatus() takes sizes that are not known yet as such, and refuses unknown causes", () => {
  const open = parseStatus("windfall-status 1 signalled - 9 1 2 3 -1 -1 .\n")
  assert.deepEqual([open?.signal, open?.stdoutBytes, open?.stderrBytes], [9, null, null])
  assert.equal(parseStatus("windfall-status 1 eaten - 9 1 2 3 0 0 .\n"), null)
})

test("parseRecord() reads a record before and after the command was forked", () => {
  const text = "windfall-record 1 a1b2 17 boot-1 42 777 1000 2000 .\n"
  assert.deepEqual(parseRecord(text), {
    attempt: "a1b2",
    job: 17,
    bootId: "boot-1",
    pid: 42,
    start: "777",
    startedAt: 1000,
    uptimeMs: 2000,
    child: null,
  })
  assert.equal(parseRecord(`${text}child 43\n`)?.child, 43)
  assert.equal(parseRecord(text.slice(0, -2)), null)
})

test("parseSwept() reads totals and strays", () => {
  assert.deepEqual(parseSwept("windfall-swept 1 5 6 - .\n"), { stdoutBytes: 5, stderrBytes: 6, strays: [] })
  assert.deepEqual(parseSwept("windfall-swept 1 5 6 7,8 .\n")?.strays, [7, 8])
})

test("parseSupervisorLine() reads every kind of line", () => {
  assert.equal(parseSupervisorLine("S 4 42 777 1000")?.kind, "started")
  assert.equal(parseSupervisorLine("E 4 exited 0 - 1 2 3 0 0")?.kind, "ended")
  assert.equal(parseSupervisorLine("W 4 10 0 -")?.kind, "swept")
  assert.deepEqual(parseSupervisorLine("F 4 28 write record: No space left on device"), {
    kind: "failed",
    sequence: 4,
    errno: 28,
    message: "write record: No space left on device",
  })
  assert.deepEqual(parseSupervisorLine("H 4 28 No space left on device"), {
    kind: "held",
    sequence: 4,
    errno: 28,
    message: "No space left on device",
  })
})

test("parseToldLine() proves a line by its token alone", () => {
  const line = { kind: "died", sequence: 4 }
  assert.deepEqual(parseToldLine("ab12 D 4", "ab12"), { ...line, isProven: true })
  for (const other of ["ab13", "", "ab12 "])
    assert.equal(parseToldLine(`${other} D 4`, "ab12")?.isProven ?? false, false)
  assert.equal(parseToldLine("D 4", "ab12"), null)
  assert.equal(parseToldLine("", "ab12"), null)
})

test("parseSupervisorLine() never throws and never guesses a sequence", () => {
  fc.assert(
    fc.property(fc.string(), (line) => {
      const parsed = parseSupervisorLine(line)
      assert.ok(parsed === null || parsed.sequence > 0)
    }),
  )
  assert.equal(parseSupervisorLine("E 4 exited 0"), null)
  assert.equal(parseSupervisorLine("E x exited 0 - 1 2 3 0 0"), null)
})
