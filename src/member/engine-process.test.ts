import assert from "node:assert/strict"
import { chmodSync } from "node:fs"
import { describe, it } from "node:test"
import { memberContext } from "../../test/support/member-context.ts"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { DEFAULT_LIMITS } from "../hive/order/hive-order.ts"
import { EngineProcess } from "./engine-process.ts"
import { isStopped } from "./process-state.ts"

const LIMITS = { ...DEFAULT_LIMITS, graceMs: 300, killMs: 300 }

/** A process that says that it is up, and ends at the signal with this number; 0: never. */
async function started(scratch: ScratchFolder, endsAt: number): Promise<EngineProcess> {
  const source = `#!/bin/sh
n=0
trap 'n=$((n + 1)); [ $n = ${endsAt} ] && exit 7' TERM
echo up
while :; do sleep 0.05; done
`
  scratch.write({ engine: source })
  chmodSync(scratch.at("engine"), 0o755)
  const context = memberContext()
  const found = { folder: scratch.path, programs: { head: scratch.at("engine") }, version: "1", help: "", devices: [] }
  const launch = { role: "head", program: "head", arguments: [], environment: {}, listens: null } as const
  const engine = new EngineProcess(context, found, launch)
  await new Promise<void>((up) => engine.onLine(() => up()))
  return engine
}

describe("ending an engine", () => {
  it("asks, asks again, and kills", async () => {
    using scratch = new ScratchFolder()
    const context = memberContext()
    for (const [endsAt, expected] of [
      [1, "ended"],
      [2, "second"],
      [0, "killed"],
    ] as const) {
      const engine = await started(scratch, endsAt)
      assert.equal(await engine.stop(context, LIMITS), expected)
      assert.deepEqual(
        await engine.ended,
        endsAt === 0 ? { exitCode: null, signal: "SIGKILL" } : { exitCode: 7, signal: null },
      )
    }
  })

  it("does not wait between the two when it hurries", async () => {
    using scratch = new ScratchFolder()
    const hurried = new AbortController()
    const context = memberContext({ hurried: hurried.signal })
    const engine = await started(scratch, 2)
    const stopped = engine.stop(context, { ...LIMITS, graceMs: 1e9, killMs: 1e6 })
    hurried.abort()
    assert.equal(await stopped, "second")
  })

  it("ends one that is stopped", async () => {
    using scratch = new ScratchFolder()
    const engine = await started(scratch, 1)
    const pid = engine.pid ?? 0
    assert.equal(await isStopped(pid), false)
    process.kill(pid, "SIGSTOP")
    while (!(await isStopped(pid))) await new Promise((again) => setTimeout(again, 5))
    assert.equal(await engine.stop(memberContext(), { ...LIMITS, graceMs: 60_000 }), "ended")
  })

  it("tells of a program that cannot be run", async () => {
    const context = memberContext()
    const found = { folder: "/", programs: { head: "/no/such/engine" }, version: "1", help: "", devices: [] }
    const launch = { role: "head", program: "head", arguments: [], environment: {}, listens: null } as const
    const engine = new EngineProcess(context, found, launch)
    assert.deepEqual(await engine.ended, { exitCode: 127, signal: null })
    assert.match(context.lines.join("\n"), /ENOENT/)
    assert.equal(await engine.stop(context, LIMITS), "ended")
  })
})
