import assert from "node:assert/strict"
import { existsSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { AgentHome, eventually, isThere } from "../../test/support/agent-home.ts"

test("a job that takes away its record and kills its supervisor is no restarted host: what is left of it is ended", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const script = `rm ../record*; echo $$ > ${home.at("pid")}; kill -9 $PPID; exec sleep 300`
  agent.startAttempt(1, ["sh", "-c", script])
  assert.equal((await agent.ended(1)).exited.exit.cause, "supervisor_lost")
  assert.equal(isThere(Number(readFileSync(home.at("pid"), "utf8"))), false)
})

test("what a job puts in the place of its secrets keeps no other attempt from being forgotten", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const { attempt: first } = agent.startAttempt(1, ["sh", "-c", "mkdir -p ../secrets/x"])
  const { attempt: second } = agent.startAttempt(2, ["sh", "-c", "head -c 2000000 /dev/zero"])
  for (const sequence of [1, 2]) await agent.ended(sequence)
  agent.send({ type: "forget", attempt: first, sequence: 1 }, { type: "forget", attempt: second, sequence: 2 })
  for (const sequence of [1, 2]) await agent.next("forgotten", sequence)
  await eventually(() => !existsSync(home.attempt(2)), "the second folder gone")
})

test("what a job made in a folder that it closed is found all the same", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  agent.startAttempt(1, ["sh", "-c", "echo made > file; chmod 000 ."])
  await agent.ended(1)
  const { files, problem } = await agent.next("outputs", 1)
  assert.deepEqual([files, problem], [1, null])
})
