import assert from "node:assert/strict"
import { chmodSync, writeFileSync } from "node:fs"
import { describe, it } from "node:test"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { aliveBy, identityBy, surelyBy } from "./darwin-alive.ts"

const START = String(Date.parse("2026-11-23T12:00:00Z") / 1000)
const row = (state = "S", at = "12:00:00", command = "perl -") =>
  ` ${process.pid}     1  4242   501 ${state.padEnd(4)} Mon Nov 23 ${at} 2026     ${command}\n`

describe("identityBy()", () => {
  const by = (status: number | null, stdout: string, stderr = "") => identityBy({ status, stdout, stderr }, START)

  it("knows a process by its start, to two seconds", () => {
    assert.equal(by(0, row()), "same")
    assert.equal(by(0, row("T", "12:00:02")), "same")
    assert.equal(by(0, row("S", "12:00:03")), "gone")
  })

  it("takes for gone what is not there, and a zombie", () => {
    assert.equal(by(1, ""), "gone")
    assert.equal(by(0, row("Z", "12:00:00", "<defunct>")), "gone")
    assert.equal(by(0, row("Z", "12:00:00", "(perl)")), "gone")
  })

  it("learns nothing from a ps that failed", () => {
    assert.equal(by(null, ""), "unknown")
    assert.equal(by(null, row()), "unknown")
    assert.equal(by(1, "", "ps: sysctl: Resource temporarily unavailable\n"), "unknown")
    assert.equal(by(1, "nonsense"), "unknown")
    assert.equal(by(71, ""), "unknown")
    assert.equal(by(0, ""), "unknown")
    assert.equal(by(0, "nonsense\n"), "unknown")
  })
})

describe("aliveBy()", () => {
  for (const [what, script, isAlive, isSurely] of [
    ["is there", `printf '%s' '${row()}'`, true, true],
    ["is another one", `printf '%s' '${row("S", "13:00:00")}'`, false, false],
    ["is not in the table", "exit 1", false, false],
    ["cannot be asked for", "echo 'ps: fork: Resource temporarily unavailable' >&2; exit 1", true, false],
    ["is asked for in vain", "kill -KILL $$", true, false],
  ] as const) {
    it(`says of a process that ${what}: ${isAlive}, surely: ${isSurely}`, () => {
      using scratch = new ScratchFolder()
      const ps = scratch.at("ps")
      writeFileSync(ps, `#!/bin/sh\n${script}\n`)
      chmodSync(ps, 0o755)
      assert.equal(aliveBy(ps, ["-p"], {})(process.pid, START), isAlive)
      assert.equal(surelyBy(ps, ["-p"], {})(process.pid, START), isSurely)
    })
  }

  it("takes who has the pid for it where ps cannot be started, and nobody for nobody", () => {
    const alive = aliveBy("/nowhere/ps", ["-p"], {})
    assert.equal(alive(process.pid, START), true)
    // Above any pid that a system gives.
    assert.equal(alive(2 ** 30, START), false)
  })
})
