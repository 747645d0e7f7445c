import assert from "node:assert/strict"
import { closeSync, openSync, readFileSync } from "node:fs"
import { test } from "node:test"
import { AgentHome, eventually, fileText } from "../../test/support/agent-home.ts"

test("a job may open /dev/stdout and /dev/stderr anew: all it prints is there, in order", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const loop = "for i in 1 2 3; do echo $i; echo $i > /dev/stdout; echo e$i > /dev/stderr; done"
  agent.startAttempt(1, ["sh", "-c", `${loop}; echo both | tee /dev/stderr; echo end >> /dev/stderr`])
  agent.startAttempt(2, ["perl", "-e", 'print "a\n"; close STDOUT; open STDOUT, ">", "/proc/self/fd/2"; print "b\n"'])
  const { exited } = await agent.ended(1)
  await agent.ended(2)
  assert.equal(agent.text(1), "1\n1\n2\n2\n3\n3\nboth\n")
  assert.equal(agent.text(1, "stderr"), "e1\ne2\ne3\nboth\nend\n")
  assert.deepEqual([exited.stdoutBytes, exited.stderrBytes], [17, 18])
  assert.deepEqual([agent.text(2), agent.text(2, "stderr")], ["a\n", "b\n"])
})

test("what is printed right before the end is in the totals, in both streams", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  for (let sequence = 1; sequence <= 20; sequence++) {
    agent.startAttempt(sequence, ["sh", "-c", "head -c 60000 /dev/zero; head -c 70000 /dev/zero >&2"])
  }
  for (let sequence = 1; sequence <= 20; sequence++) {
    const { exited } = await agent.ended(sequence)
    assert.deepEqual([exited.stdoutBytes, exited.stderrBytes], [60_000, 70_000])
  }
})

test("a job that never stops printing hears a stop", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const { attempt } = agent.startAttempt(1, ["sh", "-c", "yes & yes >&2"], { outputHeadBytes: 1_000_000 })
  await agent.until(() => agent.offset(1, "stdout") > 0 && agent.offset(1, "stderr") > 0, "some of both")
  agent.send({ type: "stop", attempt, sequence: 1, cause: "cancelled", signal: "SIGTERM", graceMs: 10_000 })
  const { exit } = (await agent.ended(1)).exited
  assert.deepEqual([exit.cause, exit.signal], ["cancelled", 15])
})

test("somebody outside who holds a job's output open does not hold up its end", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  agent.startAttempt(1, ["sh", "-c", "echo $$; while ! test -e ../tmp/go; do sleep 0.01; done; echo bye"])
  await agent.until(() => agent.text(1).endsWith("\n"), "its pid")
  const held = openSync(`/proc/${agent.text(1).trim()}/fd/1`, "w")
  try {
    closeSync(openSync(home.attempt(1, "tmp", "go"), "w"))
    await agent.ended(1)
    assert.match(agent.text(1), /^\d+\nbye\n$/)
  } finally {
    closeSync(held)
  }
})

test("a job that reads its own output away still ends as it should", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const reads = "cat /dev/stdout > /dev/null & cat /dev/stdout > /dev/null &"
  agent.startAttempt(1, ["sh", "-c", `${reads} i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i+1)); done; exit 3`])
  assert.equal((await agent.ended(1)).exited.exit.exitCode, 3)
})

test("a job whose supervisor was killed cannot go on printing to nobody", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const script =
    "trap '' TERM; trap 'echo broken > ../tmp/seen; exit' PIPE; echo up; while :; do sleep 0.01; echo more; done"
  agent.startAttempt(1, ["bash", "-c", script])
  await agent.until(() => agent.text(1).startsWith("up\n"), "its first line")
  process.kill(home.supervisor(1), "SIGKILL")
  await eventually(() => fileText(home.attempt(1, "tmp", "seen")) === "broken\n", "the broken pipe")
  const { exited } = await agent.ended(1)
  assert.equal(exited.exit.cause, "supervisor_lost")
  assert.equal(exited.stdoutBytes, readFileSync(home.attempt(1, "stdout")).length)
})
