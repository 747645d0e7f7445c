import { setTimeout as delay } from "node:timers/promises"
import type { LabHost } from "../test/lab/lab.ts"
import { ownerSays } from "../test/lab/mac/owner-says.ts"
import { isStopped } from "../test/support/owner-scene.ts"
import { type Pool, startPool } from "../test/support/pool.ts"
import type { Benchmark } from "./benchmark.ts"
import type { Figure } from "./figure.ts"

const RUNS = 10
const SLOW_RUNS = 5
const HOUR_MS = 3_600_000
const HANG_MS = 20_000
/** Who is before the screen. */
const OWNER = "lena"
const TREE = "for i in 1 2 3; do (sleep 600) & done; echo up; wait"

export const ownerWords: Benchmark = {
  name: "owner-words",
  about: `What docs/owners.md says of how soon it is obeyed, on a simulated Mac behind a real sshd with a job of four processes. A pause: from the file in the owner's folder until all of the job is stopped. A stopped job that is continued by a process of its account: until it is stopped again. A return while the command that tells of keyboard and mouse hangs for ${HANG_MS / 1_000} s: until all of it is stopped. A new start of server and agent: from the new link until the server knows who is there.`,
  async run({ note }): Promise<readonly Figure[]> {
    await using pool = await startPool({ hosts: [{ kind: "mac" }], server: { labMacs: true } })
    const [host] = pool.hosts
    if (host === undefined) throw new Error("there is no host")
    host.mac.owner("leaves", { idleMs: HOUR_MS })
    const rules = { resume_after_idle: "1s", vacate_after: "1h" }
    await pool.api("POST", `/v1/hosts/${host.name}/owner/rules`, { rules })
    const set = await pool.windfall(["host", "set", host.name, "--owner", "admin", "--console-account", OWNER])
    if (set.exitCode !== 0) throw new Error(set.stderr)
    const { id } = await pool.submit({ command: ["sh", "-c", TREE] })
    await pool.untilState(id, "running")
    const tree = await treeOf(host)
    const series = async (name: string, runs: number, once: () => Promise<number>) => {
      const values: number[] = []
      while (values.length < runs) {
        values.push(await once())
        note(`${name}, ${values.length} of ${runs}: ${Math.round(values.at(-1) ?? 0)} ms`)
      }
      return values
    }
    const pauses = await series("a pause", RUNS, () => pause(pool, host, tree))
    const again = await series("continued", RUNS, () => continued(host, tree))
    const hanging = await series("hanging", SLOW_RUNS, () => hangs(host, tree))
    const known = await series("presence", SLOW_RUNS, () => presence(pool, host))
    return [
      {
        what: "pause by file to all of the job stopped",
        unit: "ms",
        values: pauses,
        bounds: [{ of: "p99", most: 1_000 }],
      },
      { what: "continued to stopped again", unit: "ms", values: again, bounds: [{ of: "p99", most: 1_000 }] },
      {
        what: "input to stopped while the command hangs",
        unit: "ms",
        values: hanging,
        bounds: [{ of: "p99", most: 4_000 }],
      },
      { what: "new link to presence known", unit: "ms", values: known, bounds: [{ of: "p99", most: 5_000 }] },
    ]
  },
}

async function pause(pool: Pool, host: LabHost, tree: readonly number[]): Promise<number> {
  await delay(300 + Math.random() * 500)
  const from = performance.now()
  const answered = ownerSays(host.mac, OWNER, { verb: "pause", end: "2h" })
  const tookMs = await Promise.all([untilStopped(tree, from), answered]).then(([ms]) => ms)
  await pool.api("POST", `/v1/hosts/${host.name}/owner/resume`, {})
  await untilGoing(tree)
  return tookMs
}

async function continued(host: LabHost, tree: readonly number[]): Promise<number> {
  host.mac.owner("works", { user: OWNER })
  await untilStopped(tree, 0)
  await delay(300 + Math.random() * 1_000)
  // Somebody goes on typing.
  host.mac.owner("works", { user: OWNER })
  const from = performance.now()
  for (const pid of tree) process.kill(pid, "SIGCONT")
  const tookMs = await untilStopped(tree, from)
  host.mac.owner("leaves", { idleMs: 0 })
  await untilGoing(tree)
  return tookMs
}

async function hangs(host: LabHost, tree: readonly number[]): Promise<number> {
  host.mac.owner("leaves", { idleMs: HOUR_MS })
  await delay(1_000)
  host.mac.slow("ioreg", HANG_MS)
  // At any moment of its hanging, but before it is taken for somebody's being there.
  await delay(300 + Math.random() * 6_000)
  const from = performance.now()
  host.mac.owner("works", { user: OWNER })
  const tookMs = await untilStopped(tree, from)
  host.mac.slow("ioreg", 0)
  host.mac.owner("leaves", { idleMs: HOUR_MS })
  await untilGoing(tree)
  return tookMs
}

async function presence(pool: Pool, host: LabHost): Promise<number> {
  await pool.server.restart()
  await pool.untilHost(host.name, ({ link }) => link === "ready")
  const from = performance.now()
  await pool.untilHost(host.name, (one) => one.presence !== null && one.presence.state !== "unknown")
  return performance.now() - from
}

async function untilStopped(tree: readonly number[], from: number): Promise<number> {
  while (!tree.every(isStopped)) await delay(1)
  return performance.now() - from
}

async function untilGoing(tree: readonly number[]): Promise<void> {
  while (tree.some(isStopped)) await delay(20)
}

async function treeOf(host: LabHost): Promise<number[]> {
  for (;;) {
    const found = host
      .processes()
      .filter(({ command }) => command.startsWith("sleep 600") || command.includes("echo up"))
    if (found.length >= 4) return found.map(({ pid }) => pid)
    await delay(50)
  }
}
