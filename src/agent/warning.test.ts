import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { AgentHome, eventually, fileText } from "../../test/support/agent-home.ts"

const USR1 = { signal: "SIGUSR1", commandOnly: false } as const
/** Says when it is warned, and goes on. */
const HEEDING = ["perl", "-e", "$| = 1; $SIG{USR1} = sub { print qq(warned\\n) }; print qq(ready\\n); sleep 1 while 1"]

describe("an agent whose job is to be warned before its time limit", () => {
  it("warns it once, whatever becomes of its limit and of the agent", async () => {
    await using home = new AgentHome()
    const first = await home.start()
    const order = first.startAttempt(1, HEEDING, {
      timeLimitMs: 3_600_000,
      warning: { ...USR1, beforeMs: 60_000 },
    })
    await first.until(() => first.text(1) === "ready\n", "a job that listens")
    const limit = (timeLimitMs: number) =>
      ({ type: "limit", attempt: order.attempt, sequence: 1, timeLimitMs }) as const
    first.send(limit(50_000))
    await first.until(() => first.text(1) === "ready\nwarned\n", "the warning")
    assert.match((await first.next("notice", 1)).message, /^Sent SIGUSR1: \d+ s are left of its time limit$/)
    first.send(limit(3_600_000), limit(40_000))
    await first.kill()
    const next = await home.start()
    next.adoptAll()
    next.send(limit(1))
    assert.equal((await next.ended(1)).exited.exit.cause, "time_limit")
    assert.equal(next.text(1), "ready\nwarned\n")
  })

  it("does so without a server, in time for it to end by itself", async () => {
    await using home = new AgentHome()
    const agent = await home.start()
    const program = "trap 'echo saved; exit 3' USR1; echo ready; while :; do sleep 0.02; done"
    agent.startAttempt(1, ["sh", "-c", program], { timeLimitMs: 61_500, warning: { ...USR1, beforeMs: 60_000 } })
    await agent.next("started", 1)
    agent.cut()
    await eventually(() => fileText(home.attempt(1, "status")) !== "", "its end")
    const next = await home.start()
    next.adoptAll()
    const { exit } = (await next.ended(1)).exited
    assert.deepEqual([exit.cause, exit.exitCode], ["exited", 3])
    assert.match(next.text(1), /saved\n$/)
  })

  it("tells the command alone where that was asked for, else all that it has started", async () => {
    await using home = new AgentHome()
    const agent = await home.start()
    const child = `perl -e '$SIG{USR1} = sub { exit 9 }; open my $f, q(>), q(up); sleep 1 while 1'`
    const begin = `trap 'told=1' USR1; ${child} & c=$!; until test "$told" && test -e up; do sleep 0.02; done`
    for (const [sequence, commandOnly, then] of [
      [1, false, "true"],
      [2, true, "sleep 0.2; kill -9 $c"],
    ] as const) {
      const program = `${begin}; ${then}; wait $c; echo $?`
      const warning = { signal: "SIGUSR1", commandOnly, beforeMs: 60_000 }
      agent.startAttempt(sequence, ["sh", "-c", program], { timeLimitMs: 62_000, warning })
    }
    await agent.ended(1)
    await agent.ended(2)
    assert.deepEqual([agent.text(1), agent.text(2)], ["9\n", "137\n"])
  })
})
