import assert from "node:assert/strict"
import { readFileSync, writeFileSync } from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { HostLook } from "../../doctor/host-look.ts"
import { type ExaminationHead, MOST_LOOK_BYTES } from "../../protocol/doctor-wire.ts"
import { withinRoom } from "./examine-route.ts"
import { runProbe } from "./run-probe.ts"

const none = new AbortController().signal
const HEAD: ExaminationHead = {
  platform: "darwin",
  agentVersion: "1",
  now: 0,
  uvVersions: [],
  pythonVersions: [],
  diskFreeBytes: 0,
  names: [],
}

const run = (script: string, timeoutMs = 20_000, mostBytes = MOST_LOOK_BYTES) =>
  runProbe({ probe: "df", command: ["/bin/sh", "-c", script], timeoutMs, mostBytes }, none)

test("a command that floods, or prints for ever, is kept to a bound and tells nothing", async () => {
  const flood = await run("head -c 104857600 /dev/zero; echo end >&2")
  assert.deepEqual(
    [flood.stdout.length, flood.isCut, flood.outcome, flood.exitCode],
    [MOST_LOOK_BYTES, true, "ended", 0],
  )
  assert.equal(new HostLook({ head: HEAD, outputs: [flood] }).failureOf("df"), "the command printed more than is read")
  const endless = await run("while :; do echo 'AC Power:'; done", 300)
  assert.deepEqual([endless.outcome, endless.exitCode], ["timed_out", null])
})

test("a command that ignores its end, or leaves somebody with its pipes, is not waited for", async () => {
  using folder = new ScratchFolder()
  const stubborn = await run(`trap '' TERM; echo $$ > '${folder.at("pid")}'; while :; do sleep 0.1; done`, 300)
  assert.equal(stubborn.outcome, "timed_out")
  const pid = Number(readFileSync(folder.at("pid"), "utf8"))
  assert.throws(() => process.kill(pid, 0), { code: "ESRCH" })
  // What has left the group is out of reach, as on a Mac.
  writeFileSync(folder.at("leave.pl"), "use POSIX; fork and exit; POSIX::setsid(); sleep 5")
  const left = await run(`perl '${folder.at("leave.pl")}'`, 300)
  assert.equal(left.outcome, "timed_out")
})

test("odd ends and odd bytes are told as they are", async () => {
  assert.deepEqual(
    [(await run("exit 255")).exitCode, (await run("kill -SEGV $$")).exitCode, (await run("kill -SEGV $$")).outcome],
    [255, null, "ended"],
  )
  const { stdout } = await run("printf 'a\\000b\\033[2J\\377\\n'")
  assert.equal(stdout, "a\0b\u001b[2J\ufffd\n")
  const missing = await runProbe({ probe: "df", command: ["/nowhere/df"], timeoutMs: 1_000 }, none)
  assert.equal(missing.outcome, "missing")
})

test("what is sent finds room, or is left out and said to be cut", () => {
  const output = {
    probe: "df",
    outcome: "ended",
    exitCode: 0,
    stdout: "\0".repeat(1_000),
    stderr: "",
    isCut: false,
  } as const
  assert.equal(withinRoom(output, 7_000), JSON.stringify(output))
  assert.deepEqual(JSON.parse(withinRoom(output, 6_000)), { ...output, stdout: "", isCut: true })
  assert.equal(withinRoom(HEAD, 0), JSON.stringify(HEAD))
})
