import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, writeFileSync } from "node:fs"
import { describe, it } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { aliveBy, surelyBy } from "./platform/darwin-alive.ts"
import { askToLeave } from "./takeover.ts"

const START = String(Date.parse("2026-11-23T12:00:00Z") / 1000)

/** A process that says when it is asked to end, and ends by nothing else than SIGKILL. */
async function stubborn(): Promise<ChildProcess & AsyncDisposable> {
  const child = spawn("perl", ["-e", "$| = 1; $SIG{TERM} = sub { print qq(asked) }; print qq(up); sleep 1 while 1"], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  await once(child.stdout, "data")
  return Object.assign(child, {
    [Symbol.asyncDispose]: async () => {
      if (child.signalCode !== null) return
      child.kill("SIGKILL")
      await once(child, "exit")
    },
  })
}

/** As a Mac tells processes apart, with a `ps` that does this. */
function byPs(scratch: ScratchFolder, script: string) {
  const ps = scratch.at("ps")
  writeFileSync(ps, `#!/bin/sh\n${script}\n`)
  chmodSync(ps, 0o755)
  return { isAlive: aliveBy(ps, ["-p"], {}), isSurely: surelyBy(ps, ["-p"], {}) }
}

const row = (pid: number | undefined, time: string) => `printf ' ${pid} 1 4242 501 S Mon Nov 23 ${time} 2026 node\\n'`

describe("askToLeave()", () => {
  it("ends the agent that is there, by force where it does not go", async () => {
    using scratch = new ScratchFolder()
    await using child = await stubborn()
    const platform = byPs(scratch, row(child.pid, "12:00:00"))
    const exited = once(child, "exit")
    await askToLeave({ pid: child.pid!, start: START }, platform)
    assert.deepEqual(await exited, [null, "SIGKILL"])
  })

  for (const [what, script] of [
    ["is somebody else's", row(4242, "13:00:00")],
    ["cannot be told apart, as ps fails", "echo 'ps: fork: Resource temporarily unavailable' >&2; exit 1"],
    ["cannot be told apart, as ps is killed", "kill -KILL $$"],
  ] as const) {
    it(`neither asks, nor kills, nor waits for a process with its pid that ${what}`, async () => {
      using scratch = new ScratchFolder()
      await using child = await stubborn()
      let isAsked = false
      child.stdout!.on("data", () => {
        isAsked = true
      })
      await askToLeave({ pid: child.pid!, start: START }, byPs(scratch, script))
      // It would say so before it is seen to end.
      child.kill("SIGKILL")
      await once(child, "close")
      assert.equal(isAsked, false)
    })
  }
})
