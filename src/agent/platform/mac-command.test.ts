import assert from "node:assert/strict"
import { test } from "node:test"
import { macCommand } from "./mac-command.ts"

const LONG_MS = 60_000

test("a command that ends well is its output, in the C locale", async () => {
  const { text, problem } = await macCommand("env", "/usr/bin/env", [], LONG_MS)
  assert.equal(problem, null)
  assert.deepEqual(
    text.split("\n").filter((line) => /^(LC_ALL|LANG|TZ|HOME)=/.test(line)),
    ["LC_ALL=C", "LANG=C", "TZ=UTC"],
  )
})

test("a command that is missing, hangs, refuses or fails says so, with what it printed before", async () => {
  const sh = (line: string, timeoutMs = LONG_MS) => macCommand("sh", "/bin/sh", ["-c", line], timeoutMs)
  const missing = await macCommand("x", "/usr/bin/no-such-command", [], LONG_MS)
  assert.deepEqual(missing.problem, { reason: "missing_command", detail: "there is no /usr/bin/no-such-command" })
  const hung = await sh("echo part; exec sleep 600", 300)
  assert.deepEqual([hung.text, hung.problem?.reason], ["part\n", "timed_out"])
  assert.equal((await sh("echo 'Operation not permitted' >&2; exit 1")).problem?.reason, "not_permitted")
  assert.deepEqual((await sh("exit 4")).problem, { reason: "garbage", detail: "/bin/sh failed with exit code 4" })
})
