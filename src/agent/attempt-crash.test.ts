import assert from "node:assert/strict"
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { test } from "node:test"
import { startAgent } from "../../test/support/agent-client.ts"
import { AgentHome, eventually, fileText, isThere } from "../../test/support/agent-home.ts"
import { makeOrder, makeServerId } from "../../test/support/agent-orders.ts"
import { hashBytes } from "../workspace/hash.ts"
import { encodePack } from "../workspace/pack.ts"
import { bytesBlob } from "../workspace/sources.ts"

test("a killed agent loses nothing: the next one adopts what runs and sends the rest, each byte once", async () => {
  await using home = new AgentHome()
  const first = await home.start()
  const go = home.at("go")
  const rest = `while [ ! -e ${go} ]; do sleep 0.02; done; i=60; while [ $i -lt 100 ]; do i=$((i + 1)); echo "line $i"; done`
  first.startAttempt(1, ["/bin/sh", "-c", `${home.job("count-lines.sh")} 60 0.02; ${rest}`])
  await first.until(() => first.offset(1, "stdout") > 50, "some output")
  await first.kill()
  const had = first.text(1)
  const second = await home.start()
  assert.deepEqual(
    second.hello.attempts.map(({ sequence, phase }) => [sequence, phase]),
    [[1, "running"]],
  )
  second.adoptAll(false, (_, stream) => (stream === "stdout" ? Buffer.byteLength(had) : 0))
  writeFileSync(go, "")
  const { exited } = await second.ended(1)
  assert.equal(exited.exit.exitCode, 0)
  const lines = Array.from({ length: 100 }, (_, i) => `line ${i + 1}\n`).join("")
  assert.equal(had + second.text(1), lines)
})

test("an attempt that ended while no agent was there is told by the next one", async () => {
  await using home = new AgentHome()
  const first = await home.start()
  first.startAttempt(1, ["sh", "-c", "echo hello; sleep 0.3; echo bye; echo x > made; exit 9"])
  await first.next("started", 1)
  await first.kill()
  await eventually(() => existsSync(home.attempt(1, "status")), "its status")
  const second = await home.start()
  const [found] = second.hello.attempts
  assert.equal(found?.phase, "exited")
  assert.equal(found?.exit?.exitCode, 9)
  second.adoptAll()
  const { outputs } = await second.ended(1)
  assert.equal(second.text(1), "hello\nbye\n")
  assert.equal(outputs.files, 1)
})

test("a killed supervisor is told as such, and its tree is swept by its token", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  agent.startAttempt(1, ["perl", home.job("daemonize.pl"), home.at("daemon"), "stay"])
  await agent.until(() => agent.text(1) === "daemon started\n", "the daemon")
  const daemon = Number(readFileSync(home.at("daemon"), "utf8"))
  process.kill(home.supervisor(1), "SIGKILL")
  const { exited } = await agent.ended(1)
  assert.equal(exited.exit.cause, "supervisor_lost")
  assert.deepEqual(agent.leftovers.strays, [])
  assert.equal(isThere(daemon), false)
})

test("a supervisor killed together with its agent is found lost by the next one", async () => {
  await using home = new AgentHome()
  const first = await home.start()
  first.startAttempt(1, ["sleep", "60"])
  await first.next("started", 1)
  await first.kill()
  process.kill(home.supervisor(1), "SIGKILL")
  const second = await home.start()
  second.adoptAll()
  assert.equal((await second.ended(1)).exited.exit.cause, "supervisor_lost")
  await second.kill()
  const third = await home.start()
  assert.equal(third.hello.attempts[0]?.exit?.cause, "supervisor_lost")
})

test("a killed forker is replaced, what runs goes on, and what was asked for runs once", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  agent.startAttempt(1, [home.job("ledger.sh"), home.at("ledger"), "0.5"])
  await agent.next("started", 1)
  process.kill(home.forker(agent), "SIGKILL")
  for (let sequence = 2; sequence <= 6; sequence++)
    agent.startAttempt(sequence, [home.job("ledger.sh"), home.at("ledger")])
  for (let sequence = 1; sequence <= 6; sequence++) assert.equal((await agent.ended(sequence)).exited.exit.exitCode, 0)
  const jobs = fileText(home.at("ledger"))
    .match(/begin \d+/g)
    ?.sort()
  assert.deepEqual(
    jobs,
    [1, 2, 3, 4, 5, 6].map((job) => `begin ${job}`),
  )
})

test("kill -9 of the agent at any moment of a start: each job runs once and its exit is known", async () => {
  await using home = new AgentHome()
  let agent = await home.start()
  for (let sequence = 1; sequence <= 8; sequence++) {
    const order = agent.startAttempt(sequence, [home.job("ledger.sh"), home.at("ledger")])
    // A different moment each time: before the order arrives, in its midst, after its end.
    await new Promise((resolve) => setTimeout(resolve, sequence - 1))
    await agent.kill()
    agent = await home.start()
    agent.adoptAll()
    const found = agent.hello.attempts.find((one) => one.sequence === sequence)
    if (found === undefined || found.phase === "preparing") agent.send({ type: "start", order, secrets: {} })
    assert.equal((await agent.ended(sequence)).exited.exit.exitCode, 0)
  }
  const jobs = fileText(home.at("ledger"))
    .match(/begin \d+/g)
    ?.sort()
  assert.deepEqual(
    jobs,
    [1, 2, 3, 4, 5, 6, 7, 8].map((job) => `begin ${job}`),
  )
})

test("an agent killed in the middle of a stop: the stop goes on, and the verdict has its cause", async () => {
  await using home = new AgentHome()
  const first = await home.start()
  const { attempt } = first.startAttempt(1, [home.job("ignore-term.sh")])
  await first.until(() => first.text(1) === "ready\n", "the job's first line")
  first.send({ type: "stop", attempt, sequence: 1, cause: "preempted", signal: "SIGTERM", graceMs: 600 })
  await eventually(() => existsSync(home.attempt(1, "stop")), "the stop on the disk")
  await first.kill()
  const second = await home.start()
  second.adoptAll()
  const { exit } = (await second.ended(1)).exited
  assert.deepEqual([exit.cause, exit.signal], ["preempted", 9])
})

test("a stop that was on the disk but not carried out is carried out by the next agent", async () => {
  await using home = new AgentHome()
  const first = await home.start()
  first.startAttempt(1, ["sleep", "60"])
  await first.next("started", 1)
  await first.kill()
  writeFileSync(home.attempt(1, "stop"), "15 5000 cancelled .\n")
  const second = await home.start()
  second.adoptAll()
  assert.equal((await second.ended(1)).exited.exit.cause, "cancelled")
})

test("a folder without a record never ran; it is told as preparing and may be started again", async () => {
  await using home = new AgentHome()
  const first = await home.start()
  first.startAttempt(5, ["true"])
  await first.ended(5)
  first.send({ type: "forget", attempt: (await first.next("exited", 5)).attempt, sequence: 5 })
  await first.next("forgotten", 5)
  await first.kill()
  const order = makeOrder(3, [home.job("ledger.sh"), home.at("ledger")])
  mkdirSync(home.attempt(3))
  writeFileSync(home.attempt(3, "order.json"), JSON.stringify(order))
  const second = await home.start()
  assert.deepEqual(second.hello.attempts, [
    { attempt: order.attempt, job: 3, sequence: 3, phase: "preparing", startedAt: null, exit: null },
  ])
  assert.equal(existsSync(home.attempt(3)), false)
  await second.kill()
  // Still known to the next one, and startable although the high-water mark is above it.
  const third = await home.start()
  assert.equal(third.hello.attempts[0]?.phase, "preparing")
  third.send({ type: "start", order, secrets: {} })
  await third.ended(3)
  assert.equal(fileText(home.at("ledger")).match(/begin/g)?.length, 1)
})

test("a late supervisor cannot run in a folder that was taken away", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const forker = home.forker(agent)
  const input = Buffer.from("input")
  await agent.putBlobs(encodePack([bytesBlob(hashBytes(input), input)]))
  process.kill(forker, "SIGSTOP")
  agent.startAttempt(1, [home.job("ledger.sh"), home.at("ledger")], { stdin: hashBytes(input) })
  await eventually(() => existsSync(home.attempt(1, "order.json")), "its folder")
  renameSync(home.attempt(1), `${home.attempt(1)}.aside`)
  process.kill(forker, "SIGCONT")
  agent.startAttempt(2, ["true"])
  await agent.ended(2)
  assert.equal(fileText(home.at("ledger")), "")
})

test("a supervisor of an older agent makes no folder any more once a newer agent has looked", async () => {
  await using home = new AgentHome()
  const first = await home.start()
  const note = readFileSync(`${home.base}/run/agent`)
  // What a new agent does before it looks which folders there are.
  writeFileSync(`${home.base}/run/agent.new`, note)
  renameSync(`${home.base}/run/agent.new`, `${home.base}/run/agent`)
  // It goes on when its agent is gone, as the old one is before the new one looks.
  process.kill(home.forker(first), "SIGSTOP")
  first.startAttempt(1, [home.job("ledger.sh"), home.at("ledger")])
  first.send({ type: "limit" } as never)
  await first.next("notice")
  await first.kill()
  await eventually(() => home.processes().length === 0, "the forker has ended")
  await eventually(() => !existsSync(home.attempt(1)), "its supervisor has taken the folder away that it made")
  assert.equal(fileText(home.at("ledger")), "")
})

test("after a restart of the host what ran is told so, and what may have run too", async () => {
  await using home = new AgentHome()
  const first = await home.start()
  const order = first.startAttempt(1, ["sleep", "60"])
  await first.next("started", 1)
  await first.kill()
  process.kill(home.supervisor(1), "SIGKILL")
  const record = readFileSync(home.attempt(1, "record"), "utf8").replace(first.hello.facts.bootId, "another-boot")
  writeFileSync(home.attempt(1, "record"), record)
  // Only the synced file the record is made from had reached the disk.
  const second = makeOrder(2, ["true"])
  mkdirSync(home.attempt(2))
  writeFileSync(
    home.attempt(2, "record.77"),
    record.replace(order.attempt, second.attempt).replace(" 1 another", " 2 another"),
  )
  const next = await home.start()
  next.adoptAll()
  assert.equal((await next.ended(1)).exited.exit.cause, "host_restarted")
  assert.equal((await next.ended(2)).exited.exit.cause, "host_restarted")
})

test("one agent at a time: the newer takes over, and what runs goes on", async () => {
  await using home = new AgentHome()
  const first = await home.start()
  first.startAttempt(1, [home.job("ledger.sh"), home.at("ledger"), "0.8"])
  await first.next("started", 1)
  const [second, third] = await Promise.all([home.start(), home.start()].map((one) => one.catch(() => null)))
  await first.gone()
  const agent = [second, third].find((one) => one !== null && one !== undefined && isThere(one.process.pid ?? 0))
  assert.ok(agent)
  agent.adoptAll()
  assert.equal((await agent.ended(1)).exited.exit.exitCode, 0)
  assert.equal(fileText(home.at("ledger")).match(/begin/g)?.length, 1)
})

test("an agent that does not answer any more is killed by the next one", async () => {
  await using home = new AgentHome()
  const first = await home.start()
  first.process.kill("SIGSTOP")
  const second = await home.start()
  await first.gone()
  second.startAttempt(1, ["true"])
  await second.ended(1)
})

test("an attempt the server disowns is left alone", async () => {
  await using home = new AgentHome()
  const first = await home.start()
  const { attempt } = first.startAttempt(1, [home.job("count-lines.sh"), "1000", "0.05"], { timeLimitMs: 60_000 })
  await first.next("started", 1)
  await first.kill()
  const second = await home.start()
  second.send({ type: "disown", attempt, sequence: 1 })
  second.startAttempt(2, ["true"])
  await second.ended(2)
  assert.ok(isThere(home.supervisor(1)))
  assert.equal(second.messages.filter((message) => "sequence" in message && message.sequence === 1).length, 0)
  assert.equal(second.text(1), "")
})

test("a host belongs to one server; another one is refused unless it takes over while nothing runs", async () => {
  await using home = new AgentHome()
  const first = await home.start()
  first.startAttempt(1, ["sleep", "60"])
  await first.next("started", 1)
  const other = makeServerId()
  const ask = async (takeOver: boolean) => {
    const { child, greeting } = await startAgent({ root: home.root, server: other, takeOver })
    child.kill("SIGKILL")
    return greeting
  }
  assert.match(
    await ask(false),
    /^WINDFALL-AGENT refused \{"error":\{"code":"host_claimed","message":"Cannot use this host/,
  )
  assert.match(await ask(true), /"code":"host_claimed","message":"Cannot take over this host: 1 attempt/)
  const { attempt } = first.messages.find((message) => message.type === "started")!
  first.send({ type: "stop", attempt, sequence: 1, cause: "cancelled", signal: "SIGTERM", graceMs: 1_000 })
  await first.ended(1)
  assert.equal(await ask(true), "WINDFALL-AGENT ok")
  await first.gone()
  const again = await startAgent({ root: home.root, server: home.server })
  assert.match(again.greeting, /host_claimed/)
})

test("a damaged claim or mark does not keep an agent from starting", async () => {
  await using home = new AgentHome()
  const first = await home.start()
  await first.leave()
  writeFileSync(`${home.root}/claim`, "{")
  writeFileSync(`${home.base}/run/agent`, "rubbish")
  rmSync(`${home.base}/run/fifo`)
  const second = await home.start()
  second.startAttempt(1, ["true"])
  await second.ended(1)
})
