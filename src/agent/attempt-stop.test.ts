import assert from "node:assert/strict"
import { readFileSync, writeFileSync } from "node:fs"
import { test } from "node:test"
import { AgentHome, eventually, fileText, isThere } from "../../test/support/agent-home.ts"
import { stop } from "../../test/support/agent-orders.ts"

test("a stop asks, and the verdict has its cause whatever the command answers", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const order = agent.startAttempt(1, [home.job("slow-to-stop.sh")])
  await agent.until(() => agent.text(1) === "ready\n", "the job's first line")
  agent.send(stop(order, 10_000, { cause: "preempted" }))
  const { exit } = (await agent.ended(1)).exited
  assert.deepEqual([exit.cause, exit.exitCode, exit.signal], ["preempted", 7, null])
  assert.equal(agent.text(1), "ready\nsaving\nsaved\n")
})

test("who does not stop is killed when the grace is over, not before", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const order = agent.startAttempt(1, [home.job("ignore-term.sh")])
  await agent.until(() => agent.text(1) === "ready\n", "the job's first line")
  const askedAt = performance.now()
  agent.send(stop(order, 700))
  const { exit } = (await agent.ended(1)).exited
  assert.deepEqual([exit.cause, exit.signal], ["cancelled", 9])
  assert.ok(performance.now() - askedAt >= 690, "the grace was kept")
})

test("a second stop shortens the grace and never lengthens it", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const orders = [1, 2].map((sequence) => agent.startAttempt(sequence, [home.job("ignore-term.sh")]))
  await agent.until(() => agent.text(1) === "ready\n" && agent.text(2) === "ready\n", "both jobs' first lines")
  agent.send(stop(orders[0]!, 60_000), stop(orders[1]!, 300))
  agent.send(stop(orders[0]!, 0), stop(orders[1]!, 60_000))
  assert.equal((await agent.ended(1)).exited.exit.signal, 9)
  assert.equal((await agent.ended(2)).exited.exit.signal, 9)
})

test("a stop takes the whole tree, also a daemon that left group and session", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const order = agent.startAttempt(1, ["perl", home.job("daemonize.pl"), home.at("daemon"), "stay"])
  await agent.until(() => agent.text(1) === "daemon started\n", "the daemon")
  const daemon = Number(readFileSync(home.at("daemon"), "utf8"))
  assert.ok(isThere(daemon))
  agent.send(stop(order, 200))
  const { exited } = await agent.ended(1)
  assert.equal(exited.exit.cause, "cancelled")
  assert.deepEqual(agent.leftovers.strays, [])
  assert.equal(isThere(daemon), false)
})

test("the end of the command takes what it left behind, and its exit stands", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  agent.startAttempt(1, [home.job("fork-children.sh")])
  agent.startAttempt(2, ["perl", home.job("daemonize.pl"), home.at("daemon")], { graceMs: 100 })
  const first = await agent.ended(1)
  const second = await agent.ended(2)
  assert.deepEqual([first.exited.exit.cause, first.exited.exit.exitCode], ["exited", 5])
  assert.deepEqual([second.exited.exit.cause, second.exited.exit.exitCode], ["exited", 0])
  const pids = [...agent.text(1).trim().split("\n"), readFileSync(home.at("daemon"), "utf8")].map(Number)
  assert.equal(pids.length, 3)
  for (const pid of pids) assert.equal(isThere(pid), false)
})

test("what a pipe's last reader prints after the command has ended is not lost", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  agent.startAttempt(1, ["sh", "-c", "(sleep 0.05; echo late) & echo soon"])
  await agent.ended(1)
  assert.equal(agent.text(1), "soon\nlate\n")
})

test("a stopped process hears the request too", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const order = agent.startAttempt(1, ["sh", "-c", "echo ready; kill -STOP $$"])
  await agent.until(() => agent.text(1) === "ready\n", "the job's first line")
  agent.send(stop(order, 10_000))
  assert.equal((await agent.ended(1)).exited.exit.signal, 15)
})

test("a stop before the command ran means that it never runs", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const order = agent.startAttempt(1, [home.job("ledger.sh"), home.at("ledger")], {
    workspace: "ab".repeat(32) as never,
  })
  await agent.next("need", 1)
  agent.send(stop(order, 1_000))
  assert.equal((await agent.next("refused", 1)).cause, "cancelled")
  assert.equal(fileText(home.at("ledger")), "")
})

test("a stop sent together with the order ends it, whether it ran a moment or not", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  for (let sequence = 1; sequence <= 10; sequence++) {
    const order = agent.startAttempt(sequence, ["sleep", "60"])
    agent.send(stop(order, 5_000))
  }
  for (let sequence = 1; sequence <= 10; sequence++) {
    assert.equal((await agent.ended(sequence)).exited.exit.cause, "cancelled")
  }
})

test("the time limit ends a job, and a changed limit counts from its start", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  agent.startAttempt(1, ["sleep", "60"], { timeLimitMs: 300 })
  const order = agent.startAttempt(2, ["sleep", "60"], { timeLimitMs: 60_000 })
  assert.equal((await agent.ended(1)).exited.exit.cause, "time_limit")
  agent.send({ type: "limit", attempt: order.attempt, sequence: 2, timeLimitMs: 400 })
  assert.equal((await agent.ended(2)).exited.exit.cause, "time_limit")
})

test("without a link the agent stays, keeps the limit on silence, and ends when nothing runs", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  agent.startAttempt(1, ["sleep", "60"], { silenceLimitMs: 400 })
  agent.startAttempt(2, ["sh", "-c", "sleep 1; exit 4"])
  await agent.next("started", 1)
  await agent.next("started", 2)
  agent.cut()
  await agent.gone()
  const next = await home.start()
  next.adoptAll()
  assert.equal((await next.ended(1)).exited.exit.cause, "link_lost")
  const { exit } = (await next.ended(2)).exited
  assert.deepEqual([exit.cause, exit.exitCode], ["exited", 4])
})

test("silence is measured on a clock that counts sleep", async () => {
  await using home = new AgentHome()
  const clock = home.at("clock")
  const agent = await home.start({ clockOffset: `@${clock}` })
  agent.startAttempt(1, ["sleep", "60"], { silenceLimitMs: 3_600_000 })
  await agent.next("started", 1)
  agent.cut()
  writeFileSync(clock, "0 7200000")
  await agent.gone()
  await eventually(() => fileText(home.attempt(1, "status")) !== "", "its end")
  assert.match(readFileSync(home.attempt(1, "status"), "utf8"), /^windfall-status 1 link_lost /)
})

test("a wall clock that moves ends nothing", async () => {
  await using home = new AgentHome()
  const clock = home.at("clock")
  const agent = await home.start({ clockOffset: `@${clock}` })
  agent.startAttempt(1, [home.job("count-lines.sh"), "6", "0.3"], { timeLimitMs: 60_000, silenceLimitMs: 60_000 })
  await agent.next("started", 1)
  writeFileSync(clock, "86400000")
  assert.equal((await agent.ended(1)).exited.exit.cause, "exited")
})

test("a stop that comes while leftovers are swept goes to them, and the command's own exit stands", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const leftover = "trap 'echo heard; exit' INT; trap '' TERM; touch ready; while :; do sleep 0.02; done"
  const order = agent.startAttempt(1, [
    "sh",
    "-c",
    `sh -c "${leftover}" & while ! test -e ready; do sleep 0.01; done; exit 6`,
  ])
  await eventually(() => fileText(home.attempt(1, "status")).includes("exited 6"), "the command's end")
  agent.send(stop(order, 10_000, { signal: "SIGINT" }))
  const { exit } = (await agent.ended(1)).exited
  assert.deepEqual([exit.cause, exit.exitCode], ["exited", 6])
})

test("what a command left behind gets no more time by a stop that comes right after its end", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const left = "trap '' TERM URG; echo ready; while :; do sleep 0.05; done"
  const order = agent.startAttempt(1, ["sh", "-c", `(${left}) & exec sleep 600`], { graceMs: 600_000 })
  await agent.until(() => agent.text(1) === "ready\n", "what is left behind")
  const record = () => fileText(home.attempt(1, "record"))
  await eventually(() => /^child \d+$/m.test(record()), "the command in the record")
  const [supervisor, main] = [record().split(" ")[5], /^child (\d+)$/m.exec(record())?.[1]]
  // It hears of both at once.
  process.kill(Number(supervisor), "SIGSTOP")
  process.kill(Number(main), "SIGKILL")
  agent.send(stop(order, 600_000, { signal: "SIGURG" }))
  const { exit } = (await agent.ended(1)).exited
  assert.deepEqual([exit.cause, exit.signal], ["signalled", 9])
})

test("a disowned attempt is not kept to its limits", async () => {
  await using home = new AgentHome()
  const first = await home.start()
  const { attempt } = first.startAttempt(1, ["sleep", "60"], { timeLimitMs: 3_600_000 })
  await first.next("started", 1)
  await first.kill()
  const clock = home.at("clock")
  const second = await home.start({ clockOffset: `@${clock}` })
  second.send({ type: "disown", attempt, sequence: 1 })
  second.startAttempt(2, [home.job("count-lines.sh"), "15", "0.1"])
  await second.next("started", 2)
  writeFileSync(clock, "0 7200000")
  await second.ended(2)
  assert.equal(fileText(home.attempt(1, "status")).includes("windfall-status"), false)
  // Nothing of this server's runs, so the agent does not outstay its link.
  second.cut()
  await second.gone()
})

test("a job that stops its own supervisor neither outlives a stop nor goes unnoticed when it ends", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const order = agent.startAttempt(1, ["sh", "-c", "kill -STOP $PPID; echo ready; exec sleep 100"])
  agent.startAttempt(2, ["sh", "-c", "kill -STOP $PPID; exit 3"])
  await agent.until(() => agent.text(1) === "ready\n", "the job's first line")
  agent.send(stop(order, 0))
  assert.equal((await agent.ended(1)).exited.exit.cause, "cancelled")
  assert.equal((await agent.ended(2)).exited.exit.exitCode, 3)
})

test("a job that stops the forker does not keep the next one from starting", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  agent.startAttempt(1, ["sh", "-c", "kill -STOP $(ps -o ppid= -p $PPID)"])
  await agent.ended(1)
  agent.startAttempt(2, ["sh", "-c", "exit 3"])
  assert.equal((await agent.ended(2)).exited.exit.exitCode, 3)
})
