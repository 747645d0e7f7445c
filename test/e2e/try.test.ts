import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { chmodSync, existsSync } from "node:fs"
import { join } from "node:path"
import { describe, it } from "node:test"
import { setTimeout } from "node:timers/promises"
import { Child } from "../support/child.ts"
import { noPythonIndex } from "../support/python-index.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"

const MAIN = join(import.meta.dirname, "../../src/try/main.ts")

/** Nobody listens there: a trial then does without packages, which is quicker. */
const NO_INDEX = "http://127.0.0.1:9/simple"

/** Nothing of a trial is there any more: no folder, no process that names it, nobody who answers. */
async function assertNothingLeft(said: string): Promise<void> {
  const [, url, folder] = /server: (\S+), its embedded database in (\S+)/.exec(said) ?? []
  assert.ok(url !== undefined && folder !== undefined, said)
  assert.equal(existsSync(folder), false)
  const processes = execFileSync("ps", ["axewwo", "args="], { encoding: "utf8", maxBuffer: 64 * 1024 ** 2 })
  assert.deepEqual(
    processes.split("\n").filter((line) => line.includes(folder)),
    [],
  )
  await assert.rejects(fetch(url))
}

/** "PID COMMAND" of each child. */
function childrenOf(pid: number): string[] {
  const lines = execFileSync("ps", ["-axo", "ppid=,pid=,args="], { encoding: "utf8" }).split("\n")
  return lines.flatMap((line) => {
    const [, parent, rest = ""] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? []
    return Number(parent) === pid ? [rest] : []
  })
}

/** Waits for a process that is nobody's child here: nothing tells of its end. */
async function processGone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0)
    } catch {
      return
    }
    await setTimeout(20)
  }
}

function startTrial(scratch: ScratchFolder, env: Readonly<Record<string, string>> = {}): Child {
  return new Child(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN], {
    env: { TMPDIR: scratch.path, UV_DEFAULT_INDEX: NO_INDEX, ...env },
  })
}

describe("windfall try", { timeout: 600_000 }, async () => {
  it("runs the agent directly where sshd lets the account not in, and says why", async () => {
    using scratch = new ScratchFolder()
    // An account that an sshd refuses cannot be made here without root; its ssh hears the same as this one says.
    scratch.write({ "bin/ssh": "#!/bin/sh\necho 'Permission denied (publickey).' >&2\nexit 255\n" })
    chmodSync(scratch.at("bin/ssh"), 0o755)
    await using trial = startTrial(scratch, { PATH: `${scratch.at("bin")}:${process.env.PATH}` })
    const { exitCode, stdout } = await trial.ended
    assert.equal(exitCode, 0, stdout)
    assert.match(stdout, /training without MLX, as its packages are out of reach/)
    assert.match(stdout, /with the agent run directly, without SSH: no login as .*it accepts none of the server's keys/)
    assert.match(stdout, /job 1 \(digits\) succeeded .*; 4 files came home/)
    await assertNothingLeft(stdout)
  })

  it("trains with MLX where packages can be had", { skip: await noPythonIndex() }, async () => {
    using scratch = new ScratchFolder()
    await using trial = startTrial(scratch, { UV_DEFAULT_INDEX: process.env.UV_DEFAULT_INDEX ?? "" })
    const { exitCode, stdout } = await trial.ended
    assert.equal(exitCode, 0, stdout)
    assert.match(stdout, /building the Python environment from train_mlx\.py/)
    assert.match(stdout, /device Device\(.pu, 0\), peak memory [\d.]+ MB in MLX/)
    assert.match(stdout, /job 1 \(digits\) succeeded .*; 4 files came home/)
    await assertNothingLeft(stdout)
  })

  it("stopped while its job runs it leaves nothing, however often it is asked", async () => {
    using scratch = new ScratchFolder()
    await using trial = startTrial(scratch)
    await trial.says("epoch   1/")
    trial.kill("SIGINT")
    await trial.says("was stopped")
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) trial.kill(signal)
    const { exitCode, stdout } = await trial.ended
    assert.equal(exitCode, 130, stdout)
    assert.match(stdout, /over real SSH/)
    assert.match(stdout, /Cannot finish the trial: stopped by SIGINT/)
    await assertNothingLeft(stdout)
  })

  it("killed while its job runs it leaves nothing for long", async () => {
    using scratch = new ScratchFolder()
    await using trial = startTrial(scratch)
    await trial.says("epoch   1/")
    // Whoever is to tidy up was started by the one that is killed now.
    const [watchdog = ""] = childrenOf(trial.pid).filter((line) => line.includes("watchdog-main.ts"))
    const pid = Number.parseInt(watchdog, 10)
    assert.ok(pid > 1, watchdog)
    trial.kill("SIGKILL")
    await trial.ended
    await processGone(pid)
    await assertNothingLeft(trial.stdout)
  })

  it("stopped while the host joins, or left by who reads it, it leaves nothing", async () => {
    using scratch = new ScratchFolder()
    await using joining = startTrial(scratch)
    await joining.says("host key pinned")
    joining.kill("SIGTERM")
    assert.equal((await joining.ended).exitCode, 130)
    await assertNothingLeft(joining.stdout)

    await using unread = startTrial(scratch)
    await unread.says("$ windfall host add")
    const { stdout } = unread
    unread.process.stdout.destroy()
    assert.equal((await unread.ended).exitCode, 130)
    await assertNothingLeft(stdout)
  })
})
