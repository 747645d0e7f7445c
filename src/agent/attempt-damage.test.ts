/** Jobs that damage what Windfall keeps about them: they have the same account, and the attempt's folder is at `..`. */
import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { mkdirSync, rmSync, symlinkSync } from "node:fs"
import { test } from "node:test"
import { AgentHome } from "../../test/support/agent-home.ts"

const INSTEAD: Readonly<Record<string, (path: string) => void>> = {
  "a folder": (path) => mkdirSync(`${path}/x`, { recursive: true }),
  "a pipe": (path) => execFileSync("mkfifo", [path]),
  "a link to itself": (path) => symlinkSync(path, path),
}

for (const [what, put] of Object.entries(INSTEAD)) {
  test(`${what} in place of an attempt's files neither stops the agent nor keeps the next one from starting`, async () => {
    await using home = new AgentHome()
    const first = await home.start()
    const { attempt } = first.startAttempt(1, ["sleep", "500"])
    first.startAttempt(2, ["sh", "-c", "sleep 0.5; exit 3"])
    await first.next("started", 1)
    await first.next("started", 2)
    await first.kill()
    for (const name of ["order.json", "record", "secrets", "stop", "swept", "stdout", "stderr"]) {
      rmSync(home.attempt(1, name), { force: true })
      put(home.attempt(1, name))
    }
    const second = await home.start()
    second.adoptAll()
    assert.equal((await second.ended(2)).exited.exit.exitCode, 3)
    second.send({ type: "stop", attempt, sequence: 1, cause: "cancelled", signal: "SIGTERM", graceMs: 0 })
    assert.equal((await second.next("exited", 1)).exit.cause, "cancelled")
  })
}
