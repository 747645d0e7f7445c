import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { test } from "node:test"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ local: 1 })
const hasPython = spawnSync("python3", ["--version"]).status === 0

const send = (...words: string[]) => pool().windfall(["send", "--no-folder", ...words])
const lastEvent = (stdout: string) => JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "")

test("after its last line a failed send says what the output means, and so do wait, attach and show", async () => {
  const sent = await send("--", "no-such-tool-anywhere")
  assert.equal(sent.exitCode, 127)
  const hint = /there is no no-such-tool-anywhere on that host.*\n.*Send it with the folder/
  assert.match(sent.stderr, new RegExp(`failed with exit code 127.*\\n.*${hint.source}`))
  const id = /job (\d+) failed/.exec(sent.stderr)?.[1] ?? ""
  assert.match((await pool().windfall(["wait", id])).stderr, hint)
  assert.match((await pool().windfall(["attach", id])).stderr, hint)
  assert.match((await pool().windfall(["show", id])).stdout, hint)
  for (const command of ["wait", "attach", "show"]) {
    const { stdout } = await pool().windfall([command, id, "--json"])
    assert.equal(lastEvent(stdout).hints[0].code, "command_missing", command)
  }
})

test("a module that is missing is known by what Python prints", {
  skip: hasPython ? false : "there is no python3",
}, async () => {
  const { stdout, exitCode } = await send("--json", "--", "python3", "-c", "import cv2_is_not_here")
  assert.equal(exitCode, 1)
  const { hints } = lastEvent(stdout)
  assert.deepEqual(
    hints.map(({ code }: { code: string }) => code),
    ["module_missing"],
  )
  assert.match(hints[0].fix, /--with cv2_is_not_here$/)
})

test("a job that fails in its own way, and one that succeeds, get no hint", async () => {
  const failed = await send("--json", "--", "sh", "-c", "echo 'loss is nan'; exit 3")
  assert.deepEqual(lastEvent(failed.stdout).hints, [])
  const done = await send("--", "sh", "-c", "echo \"ModuleNotFoundError: No module named 'x'\"")
  assert.equal(done.exitCode, 0)
  assert.doesNotMatch(done.stderr, /--with/)
})

test("hints of somebody else's job are as private as its output", async () => {
  const { stdout } = await send("--json", "--", "no-such-tool-anywhere")
  const token = await pool().addUser("eve")
  const { id } = lastEvent(stdout).job
  assert.equal((await pool().request("GET", `/v1/jobs/${id}/hints`, undefined, { token })).status, 403)
  const shown = await pool().windfall(["show", `${id}`, "--json"], { token })
  assert.deepEqual(lastEvent(shown.stdout).hints, [])
})
