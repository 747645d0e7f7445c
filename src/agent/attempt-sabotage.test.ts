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

test("a process that joins its supervisor's group is ended with the job", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const joins = "setpgrp(0, $ARGV[0]); open(F, '>', $ARGV[1]); print F $$; close F; sleep 300"
  const file = home.at("joined")
  agent.startAttempt(1, [
    "sh",
    "-c",
    `perl -e "$1" $PPID ${file} & while [ ! -s ${file} ]; do sleep 0.01; done`,
    "sh",
    joins,
  ])
  const { exited } = await agent.ended(1)
  assert.equal(exited.exit.exitCode, 0)
  assert.equal(isThere(Number(readFileSync(file, "utf8"))), false)
})

test("a job that has removed its own record has run all the same", async () => {
  await using home = new AgentHome()
  const first = await home.start()
  const order = first.startAttempt(1, ["sh", "-c", `echo ran >> ${home.at("ledger")}; rm ../record; exit 6`])
  await first.ended(1)
  await first.kill()
  const second = await home.start()
  assert.equal(second.hello.attempts[0]?.exit?.exitCode, 6)
  second.send({ type: "start", order, secrets: {} })
  assert.equal((await second.ended(1)).exited.exit.exitCode, 6)
  assert.equal(readFileSync(home.at("ledger"), "utf8"), "ran\n")
})

test("a job that has removed all records of itself and runs on is ended before it is told as lost", async () => {
  await using home = new AgentHome()
  const first = await home.start()
  const pid = home.at("pid")
  first.startAttempt(1, ["sh", "-c", `rm ../record*; echo $$ > ${pid}.new; mv ${pid}.new ${pid}; exec sleep 300`])
  await eventually(() => existsSync(pid), "it runs")
  await first.kill()
  const second = await home.start()
  assert.equal(second.hello.attempts[0]?.phase, "running")
  second.adoptAll()
  assert.equal((await second.ended(1)).exited.exit.cause, "supervisor_lost")
  assert.equal(isThere(Number(readFileSync(pid, "utf8"))), false)
})

test("output beyond the largest file its account may have is lost, told once, and ends nothing", async (t) => {
  if (process.platform !== "linux") return t.skip("on macOS the command writes its files itself")
  await using home = new AgentHome()
  const agent = await home.start()
  const script = "prlimit --pid $PPID --fsize=100000: && head -c 300000 /dev/zero; echo done >&2"
  agent.startAttempt(1, ["sh", "-c", script])
  const { exited } = await agent.ended(1)
  assert.deepEqual([exited.exit.exitCode, exited.stdoutBytes, agent.text(1, "stderr")], [0, 100_000, "done\n"])
  const notices = agent.messages.filter(({ type }) => type === "notice")
  assert.equal(notices.length, 1)
  assert.match(JSON.stringify(notices), /File too large.* is lost/)
})

test("a job that removes its own output file is told as having printed what is gone, and holds up nothing", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  for (let sequence = 1; sequence <= 5; sequence++) {
    agent.startAttempt(sequence, ["sh", "-c", "rm ../stdout; echo hi; exit 4"])
    const { exited } = await agent.ended(sequence)
    assert.deepEqual([exited.exit.exitCode, exited.stdoutBytes], [4, 3])
    await agent.until(() => agent.offset(sequence, "stdout") === 3, "what is gone is told")
  }
})
