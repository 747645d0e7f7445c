/** Jobs that damage what Windfall keeps about them: they have the same account, and the attempt's folder is at `..`. */
import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { mkdirSync, rmSync, symlinkSync } from "node:fs"
import { test } from "node:test"
import { AgentHome, isThere } from "../../test/support/agent-home.ts"

test("a folder where the exit status is to be does not keep a job from ending with its own exit", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  agent.startAttempt(1, ["sh", "-c", "mkdir -p ../status/x; exit 9"])
  const { exit } = (await agent.ended(1)).exited
  assert.deepEqual([exit.cause, exit.exitCode], ["exited", 9])
  await agent.kill()
  const next = await home.start()
  assert.equal(next.hello.attempts[0]?.exit?.exitCode, 9)
})

test("a folder where the stop is to be written does not keep a job from being stopped", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const { attempt } = agent.startAttempt(1, [
    "sh",
    "-c",
    "mkdir -p ../stop/x ../stop.new/x; echo ready; exec sleep 500",
  ])
  await agent.until(() => agent.text(1) === "ready\n", "the job's first line")
  agent.send({ type: "stop", attempt, sequence: 1, cause: "cancelled", signal: "SIGTERM", graceMs: 10_000 })
  const { exit } = (await agent.ended(1)).exited
  assert.deepEqual([exit.cause, exit.signal], ["cancelled", 15])
})

test("a job whose supervisor cannot read of the stop is ended by the agent, which says so", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  // What the job says has its file before the supervisor can open none.
  const begin = "trap '' TERM; echo begun; until [ -s ../stdout ]; do sleep 0.05; done"
  const deafen = `${begin}; prlimit --pid $PPID --nofile=0; echo ready; while :; do sleep 0.1; done`
  const { attempt } = agent.startAttempt(1, ["sh", "-c", deafen])
  await agent.until(() => agent.text(1) === "begun\nready\n", "the job's lines")
  const supervisor = home.supervisor(1)
  agent.send({ type: "stop", attempt, sequence: 1, cause: "cancelled", signal: "SIGTERM", graceMs: 0 })
  const { exit } = await agent.next("exited", 1)
  assert.equal(exit.cause, "cancelled")
  assert.match(exit.message ?? "", /did not carry out the stop in time/)
  assert.deepEqual([(await agent.next("notice", 1)).attempt, isThere(supervisor)], [attempt, false])
  await agent.next("swept", 1)
  assert.deepEqual(agent.leftovers.strays, [])
})

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
