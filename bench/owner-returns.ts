import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import type { AgentClient } from "../test/support/agent-client.ts"
import { AgentHome } from "../test/support/agent-home.ts"
import { isStopped, statOf } from "../test/support/owner-scene.ts"
import { type Pool, startPool } from "../test/support/pool.ts"
import { writeQuietMac } from "../test/support/steered-mac.ts"
import type { Benchmark } from "./benchmark.ts"
import type { Figure } from "./figure.ts"

const RUNS = 30
const HOUR_MS = 3_600_000
const SPAN_MS = 30_000
const TICKS_PER_SECOND = 100
/** Eight processes in three groups. */
const TREE =
  "for i in 1 2 3; do (sleep 600) & done; perl -e 'use POSIX; for (1, 2) { fork or do { setpgrp(0, 0); sleep 600 } } sleep 600' & echo up; wait"
const AGENT = join(import.meta.dirname, "../test/support/agent-main.ts")

export const ownerReturns: Benchmark = {
  name: "owner-returns",
  about: `A job of several processes on a simulated Mac behind a real sshd: from the change of what its commands say of the last input until every process of the job is stopped, the looks at the Mac included, at a random moment between two looks. Then what looking costs, in CPU time of agent and subprocesses as part of one core over ${SPAN_MS / 1000} s, beyond that of an agent which looks for nobody: with commands that print and do nothing else, as what the simulated Mac's cost says nothing of a Mac's.`,
  async run({ note }): Promise<readonly Figure[]> {
    const reactions = await returns(note)
    note("idle")
    const idle = await cost(false)
    note("with an attempt")
    const busy = await cost(true)
    return [
      {
        what: "input to all of the job stopped",
        unit: "ms",
        values: reactions,
        bounds: [{ of: "p99", most: 1_000 }],
      },
      { what: "looking, nothing runs", unit: "%", values: [idle], bounds: [{ of: "median", most: 0.5 }] },
      { what: "looking, an attempt runs", unit: "%", values: [busy], bounds: [{ of: "median", most: 2 }] },
    ]
  },
}

async function returns(note: (line: string) => void): Promise<number[]> {
  await using pool = await startPool({ hosts: [{ kind: "mac" }], server: { labMacs: true } })
  const [host] = pool.hosts
  if (host === undefined) throw new Error("there is no host")
  host.mac.owner("leaves", { idleMs: HOUR_MS })
  await pool.api("POST", `/v1/hosts/${host.name}/owner/rules`, {
    rules: { resume_after_idle: "1s", vacate_after: "1h" },
  })
  const { id } = await pool.submit({ command: ["sh", "-c", TREE] })
  await pool.untilState(id, "running")
  const tree = await treeOf(pool)
  const values: number[] = []
  while (values.length < RUNS) {
    await delay(500 + Math.random() * 500)
    const from = performance.now()
    host.mac.owner("works", { user: "lena" })
    while (!tree.every(isStopped)) await delay(1)
    values.push(performance.now() - from)
    note(`${values.length} of ${RUNS}: ${Math.round(values.at(-1) ?? 0)} ms`)
    host.mac.owner("leaves", { idleMs: 0 })
    while (tree.some(isStopped)) await delay(50)
  }
  return values
}

/** The job's processes, once all are there. */
async function treeOf(pool: Pool): Promise<number[]> {
  for (;;) {
    const all = pool.hosts[0]?.processes() ?? []
    const found = all.filter(({ command }) => command.startsWith("sleep 600") || command.includes("setpgrp"))
    // The shell's text has the word, too.
    if (found.length >= 7) return found.map(({ pid }) => pid)
    await delay(50)
  }
}

/** Percent of a core that looking costs an agent. */
async function cost(withAttempt: boolean): Promise<number> {
  const looking = await spent(withAttempt, true)
  return Math.max(0, looking - (await spent(withAttempt, false)))
}

async function spent(withAttempt: boolean, looks: boolean): Promise<number> {
  await using home = new AgentHome()
  writeQuietMac(home.at("mac"))
  const env = { TEST_ACCOUNT: home.root, ...(looks ? { TEST_OWNER: home.at("mac") } : {}) }
  const agent = await home.start({ file: AGENT, env })
  agent.adoptAll()
  if (withAttempt) {
    await untilFree(agent, looks)
    agent.startAttempt(1, ["sleep", "600"])
    await agent.next("started", 1)
  }
  await delay(5_000)
  const before = cpuMs(agent.process.pid)
  await delay(SPAN_MS)
  return ((cpuMs(agent.process.pid) - before) / SPAN_MS) * 100
}

async function untilFree(agent: AgentClient, looks: boolean): Promise<void> {
  if (!looks) return
  await agent.until(
    () => agent.messages.some((message) => message.type === "presence" && message.presence.obstacles.length === 0),
    "a Mac that nobody uses",
  )
}

/** Of the agent and the shells it asks, with all that they have waited for; not of its forker and the jobs. */
function cpuMs(agent: number | undefined): number {
  const shells = readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0 && statOf(pid)[1] === `${agent}` && commandOf(pid).startsWith("/bin/sh"))
  const ticks = [agent ?? 0, ...shells].flatMap((pid) => statOf(pid).slice(11, 15).map(Number))
  return (ticks.reduce((sum, one) => sum + one, 0) * 1_000) / TICKS_PER_SECOND
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").join(" ").trim()
  } catch {
    return ""
  }
}
