import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { getPriority } from "node:os"
import { test } from "node:test"
import { setTimeout as delay } from "node:timers/promises"
import type { AgentClient } from "../../test/support/agent-client.ts"
import { AgentHome, eventually, isThere } from "../../test/support/agent-home.ts"
import { stop } from "../../test/support/agent-orders.ts"
import type { AttemptOrder } from "../protocol/agent-wire.ts"

/** Runs attempts one after the other and returns their supervisors. */
async function inTurn(
  home: AgentHome,
  agent: AgentClient,
  [first, last]: readonly [number, number],
  command: readonly string[],
  more: Partial<AttemptOrder> = {},
): Promise<number[]> {
  const pids: number[] = []
  for (let sequence = first; sequence <= last; sequence++) {
    agent.startAttempt(sequence, command, more)
    await agent.ended(sequence)
    pids.push(home.supervisor(sequence))
  }
  return pids
}

/** Supervisors that wait for an attempt: children of the forker without a name of one. */
function freeSupervisors(home: AgentHome, agent: AgentClient): number[] {
  const forker = home.forker(agent)
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && parentOf(pid) === forker && titleOf(pid) === "windfall supervisor")
}

function parentOf(pid: number): number | null {
  try {
    return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "latin1"))?.[1])
  } catch {
    return null
  }
}

function titleOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").replace(/\0.*/s, "").trim()
  } catch {
    return ""
  }
}

test("a supervisor takes one attempt after the other, and each has its own output, code, memory and environment", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const hungry = "my $held = 'x' x 80_000_000; print STDERR $ENV{ONLY_HERE}; print length $held; exit 3"
  agent.startAttempt(1, ["perl", "-e", hungry], { env: { ONLY_HERE: "first" } })
  const first = (await agent.ended(1)).exited.exit
  assert.deepEqual([first.exitCode, agent.text(1), agent.text(1, "stderr")], [3, "80000000", "first"])
  const pids = await inTurn(home, agent, [2, 20], ["sh", "-c", "echo $WINDFALL_JOB; printenv ONLY_HERE; echo err >&2"])
  assert.ok(new Set(pids).size < pids.length, "no supervisor had a second attempt")
  for (let sequence = 2; sequence <= 20; sequence++) {
    const { exit } = (await agent.ended(sequence)).exited
    assert.equal(exit.exitCode, 0)
    assert.ok((exit.peakMemoryBytes ?? 0) < 40_000_000, `${exit.peakMemoryBytes} bytes are those of another attempt`)
    assert.equal(agent.text(sequence), `${sequence}\n`)
    assert.equal(agent.text(sequence, "stderr"), "err\n")
  }
})

test("a stop reaches the attempt it is for, whatever its supervisor had before", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  for (let sequence = 1; sequence <= 10; sequence++) {
    const order = agent.startAttempt(sequence, ["sleep", "60"])
    await agent.next("started", sequence)
    agent.send(stop(order, 5_000, { signal: sequence % 2 === 0 ? "SIGTERM" : "SIGINT" }))
    const { exit } = (await agent.ended(sequence)).exited
    assert.deepEqual([exit.cause, exit.signal], ["cancelled", sequence % 2 === 0 ? 15 : 2])
    agent.startAttempt(100 + sequence, ["sh", "-c", "sleep 0.05; exit 4"])
    // The one that has ended is asked again.
    agent.send(stop(order, 0))
    const next = (await agent.ended(100 + sequence)).exited.exit
    assert.deepEqual([next.cause, next.exitCode], ["exited", 4])
  }
})

test("a supervisor that had secrets, or a terminal, or left something behind takes no other attempt", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  await inTurn(home, agent, [1, 1], ["true"])
  for (let sequence = 2; sequence <= 10; sequence++) {
    agent.startAttempt(sequence, ["true"], { secrets: { TOKEN: "hidden" } })
    await agent.ended(sequence)
  }
  const withSecrets = [2, 3, 4, 5, 6, 7, 8, 9, 10].map((sequence) => home.supervisor(sequence))
  assert.equal(new Set(withSecrets).size, withSecrets.length)
  const withTerminal = await inTurn(home, agent, [11, 14], ["true"], { pty: { columns: 80, rows: 24, term: "xterm" } })
  assert.equal(new Set(withTerminal).size, withTerminal.length)
})

test("supervisors with nothing to do end after a while, and at once with their forker", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  await inTurn(home, agent, [1, 3], ["true"])
  await eventually(() => freeSupervisors(home, agent).length > 0, "a supervisor is free")
  await eventually(() => freeSupervisors(home, agent).length === 0, "it has ended")
  const [last = 0] = await inTurn(home, agent, [4, 4], ["true"])
  process.kill(home.forker(agent), "SIGKILL")
  await eventually(() => !isThere(last), "it has ended with its forker")
  await inTurn(home, agent, [5, 5], ["true"])
})

test("a free supervisor that is killed costs nothing but itself", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  for (let sequence = 1; sequence <= 10; sequence++) {
    await inTurn(home, agent, [sequence, sequence], ["true"])
    await eventually(() => freeSupervisors(home, agent).length > 0, "a supervisor is free")
    for (const pid of freeSupervisors(home, agent)) process.kill(pid, "SIGKILL")
  }
})

test("a request too long for a free supervisor goes to a new one", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  await inTurn(home, agent, [1, 3], ["true"])
  const env = Object.fromEntries(Array.from({ length: 4 }, (_, index) => [`LONG_${index}`, `${index}`.repeat(60_000)]))
  await inTurn(home, agent, [4, 6], ["sh", "-c", "printenv LONG_0 LONG_3 | wc -c"], { env })
  for (const sequence of [4, 5, 6]) assert.equal(agent.text(sequence), "120002\n")
})

test("an attempt beside which a shell is noted keeps its supervisor for itself", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const pids: number[] = []
  for (let sequence = 1; sequence <= 5; sequence++) {
    agent.startAttempt(sequence, ["sh", "-c", "while ! test -e ../tmp/go; do sleep 0.01; done"])
    await agent.next("started", sequence)
    writeFileSync(home.attempt(sequence, "shells"), "")
    writeFileSync(home.attempt(sequence, "tmp", "go"), "")
    await agent.ended(sequence)
    pids.push(home.supervisor(sequence))
  }
  assert.equal(new Set(pids).size, pids.length)
})

test("what a job does to its supervisor from outside is not inherited by the next job", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const spoil = "renice -n 7 -p $PPID; echo 900 > /proc/$PPID/oom_score_adj; prlimit --pid $PPID --nofile=64:64"
  await inTurn(home, agent, [1, 1], ["sh", "-c", `${spoil}; taskset -pc 0 $PPID`])
  await inTurn(
    home,
    agent,
    [2, 2],
    ["sh", "-c", "nice; cat /proc/self/oom_score_adj; echo 0x7f > /proc/$PPID/coredump_filter"],
  )
  await inTurn(home, agent, [3, 3], ["sh", "-c", "cat /proc/self/coredump_filter"])
  assert.equal(agent.text(2), `${getPriority()}\n${readFileSync("/proc/self/oom_score_adj", "latin1")}`)
  assert.notEqual(agent.text(3), "0000007f\n")
  assert.equal(new Set([1, 2, 3].map((sequence) => home.supervisor(sequence))).size, 3)
})

test("supervisors are reused where the agent's own session has another standing than theirs", async (t) => {
  if (!existsSync("/proc/self/autogroup")) return t.skip("this kernel has no autogroups")
  await using home = new AgentHome()
  const agent = await home.start({ detached: true })
  writeFileSync(`/proc/${agent.process.pid}/autogroup`, "3")
  const pids = await inTurn(home, agent, [1, 10], ["true"])
  assert.ok(new Set(pids).size < pids.length, "no supervisor had a second attempt")
})

test("a free supervisor that was stopped serves all the same", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  await inTurn(home, agent, [1, 1], ["true"])
  await eventually(() => freeSupervisors(home, agent).length > 0, "a supervisor is free")
  const [pid = 0] = freeSupervisors(home, agent)
  process.kill(pid, "SIGSTOP")
  await inTurn(home, agent, [2, 2], ["sh", "-c", "exit 5"])
  assert.equal((await agent.ended(2)).exited.exit.exitCode, 5)
})

test("an overdue stop of an attempt that has ended leaves its supervisor's next attempt alone", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  const [runs, heard] = [home.at("runs"), home.at("heard")]
  const deaf = agent.startAttempt(1, [
    "sh",
    "-c",
    `trap 'echo > ${heard}' TERM; echo > ${runs}; while :; do sleep 0.1; done`,
  ])
  await eventually(() => existsSync(runs), "it runs")
  const supervisor = home.supervisor(1)
  const forker = home.forker(agent)
  process.kill(forker, "SIGSTOP")
  agent.startAttempt(2, ["sleep", "10"])
  agent.send(stop(deaf, 1_000))
  await eventually(() => existsSync(heard), "it has heard")
  const held = agent.process.pid ?? 0
  process.kill(held, "SIGSTOP")
  await eventually(() => titleOf(supervisor) === "windfall supervisor", "it has ended")
  process.kill(forker, "SIGCONT")
  await eventually(() => existsSync(home.attempt(2, "record")), "the next one runs")
  assert.equal(home.supervisor(2), supervisor)
  // Past the grace and what a supervisor may take beyond it.
  await delay(8_500)
  process.kill(held, "SIGCONT")
  const { exit } = (await agent.ended(1)).exited
  assert.deepEqual([exit.cause, exit.signal, exit.message], ["cancelled", 9, null])
  assert.ok(isThere(supervisor))
  assert.equal((await agent.ended(2)).exited.exit.cause, "exited")
})

test("an attempt is not taken for running because its supervisor has another one", async () => {
  await using home = new AgentHome()
  const first = await home.start()
  // A folder in the way of the note that the tree is gone, and something to sweep.
  const command = ["sh", "-c", "mkdir ../swept; sleep 30 & exit 3"]
  first.startAttempt(1, command)
  await first.next("swept", 1)
  const supervisor = home.supervisor(1)
  await eventually(() => freeSupervisors(home, first).includes(supervisor), "it is free")
  first.startAttempt(2, ["sleep", "5"])
  await first.next("started", 2)
  assert.equal(home.supervisor(2), supervisor)
  await first.kill()
  const second = await home.start()
  await second.next("hello")
  second.adoptAll()
  assert.equal((await second.ended(1)).exited.exit.exitCode, 3)
  assert.equal(isThere(supervisor), true)
  assert.equal((await second.ended(2)).exited.exit.cause, "exited")
})

test("a job that empties its own folder still ends with its own exit code", async () => {
  await using home = new AgentHome()
  const agent = await home.start()
  agent.startAttempt(1, ["sh", "-c", "rm -rf ../*; exit 4"])
  const { exited, outputs } = await agent.ended(1)
  assert.deepEqual([exited.exit.cause, exited.exit.exitCode], ["exited", 4])
  assert.equal(outputs.problem, "the job has removed the folder that it ran in")
})
