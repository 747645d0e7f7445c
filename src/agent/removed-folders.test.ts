import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { AgentHome, eventually, isThere } from "../../test/support/agent-home.ts"
import { stop } from "../../test/support/agent-orders.ts"

// A job has the account of the agent: it can remove all that Windfall has on its host, by mistake or not.
for (const removed of ["attempts", "run", ""]) {
  test(`jobs start after one that has removed ${removed === "" ? "all of its server's" : `the ${removed}`} folder`, async () => {
    await using home = new AgentHome()
    const agent = await home.start()
    agent.startAttempt(1, ["sh", "-c", `rm -rf ../../../${removed}`])
    await agent.ended(1)
    for (const sequence of [2, 3]) {
      agent.startAttempt(sequence, ["sh", "-c", "echo fine"])
      assert.equal((await agent.ended(sequence)).exited.exit.exitCode, 0)
      assert.equal(agent.text(sequence), "fine\n")
    }
    const order = agent.startAttempt(4, ["sleep", "60"])
    await agent.next("started", 4)
    await agent.kill()
    const next = await home.start()
    next.adoptAll()
    next.send(stop(order, 0))
    assert.equal((await next.ended(4)).exited.exit.cause, "cancelled")
  })
}

test("a forker that dies after a job has removed its folder is replaced, and what runs is heard of", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const go = home.at("go")
  agent.startAttempt(1, ["sh", "-c", `rm -rf ../../../run; while ! test -e ${go}; do sleep 0.01; done; exit 7`])
  await agent.next("started", 1)
  await eventually(() => !existsSync(home.ballast), "it is removed")
  const first = home.forker(agent)
  process.kill(first, "SIGKILL")
  agent.startAttempt(2, ["sh", "-c", `exec touch ${go}`])
  assert.equal((await agent.ended(2)).exited.exit.exitCode, 0)
  assert.equal((await agent.ended(1)).exited.exit.exitCode, 7)
})

test("an agent whose lock a job has removed leaves for the next one", async () => {
  await using home = new AgentHome()
  const first = await home.start()
  first.startAttempt(1, ["sh", "-c", "rm ../../../run/lock; exec sleep 60"])
  await first.next("started", 1)
  await eventually(() => !existsSync(home.at("windfall", "servers", home.server, "run", "lock")), "it is removed")
  await home.start()
  await first.gone()
})

test("what a job writes in a supervisor's place ends no attempt", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const go = home.at("go")
  const order = agent.startAttempt(1, ["sh", "-c", `while ! test -e ${go}; do sleep 0.01; done; exit 5`])
  await agent.next("started", 1)
  const lines = ["E 1 exited 0 - 1 2 3 0 0", "0 E 1 exited 0 - 1 2 3 0 0", "0 W 1 0 0 -", "0 F 1 2 forged", "0 D 1"]
  const forging = lines.map((line) => `echo '${line}'`).join("; ")
  agent.startAttempt(2, ["sh", "-c", `(${forging}; echo '0 H 2 5 seen') > ../../../run/fifo; touch ${go}`])
  assert.equal((await agent.ended(2)).exited.exit.exitCode, 0)
  assert.equal((await agent.ended(1)).exited.exit.exitCode, 5)
  assert.equal(order.attempt, (await agent.next("exited", 1)).attempt)
})

test("a forker that a job has stopped ends with its agent", async (t) => {
  if (process.platform !== "linux") return t.skip("only Linux tells a process that its parent has ended")
  await using home = new AgentHome()
  const agent = await home.start()
  agent.startAttempt(1, ["true"])
  await agent.ended(1)
  const killed = home.forker(agent)
  process.kill(killed, "SIGSTOP")
  await agent.kill()
  await eventually(() => !isThere(killed), "it has ended with an agent that was killed")
  const second = await home.start()
  const left = home.forker(second)
  process.kill(left, "SIGSTOP")
  await second.leave()
  await eventually(() => !isThere(left), "it has ended with an agent that has left")
  assert.match(readFileSync(home.at("windfall", "servers", home.server, "run", "agent"), "utf8"), /^\d+ \d+\n$/)
})
