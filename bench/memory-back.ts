import { setTimeout as delay } from "node:timers/promises"
import type { LabHost } from "../test/lab/lab.ts"
import { statOf } from "../test/support/owner-scene.ts"
import { type Pool, startPool } from "../test/support/pool.ts"
import type { Benchmark } from "./benchmark.ts"
import type { Figure } from "./figure.ts"

const RUNS = 3
const HOUR_MS = 3_600_000
const GIB = 1024 ** 3
/** Three processes that hold 200 MB each and do not hear when they are asked to end. */
const DEAF = `$SIG{TERM} = $SIG{INT} = $SIG{HUP} = 'IGNORE'; for (1, 2) { last unless fork } my $held = 'x' x 209_715_200; $| = 1; print "holds\\n"; sleep 600 while 1`

export const memoryBack: Benchmark = {
  name: "memory-back",
  about:
    "A job of three processes that hold 600 MB, ignore the signal that asks them to end and asked for two minutes of grace, on a simulated Mac behind a real sshd: from the change of what the Mac's commands say (somebody types, and less memory is available than is kept for them) until no process of the job is there any more, and its memory is the Mac's.",
  async run({ note }): Promise<readonly Figure[]> {
    await using pool = await startPool({ hosts: [{ kind: "mac" }], server: { labMacs: true } })
    const [host] = pool.hosts
    if (host === undefined) throw new Error("there is no host")
    // Else each round waits for a quarter of an hour in which nobody comes.
    const rules = { start_after_idle: "1s", resume_after_idle: "1s" }
    await pool.api("POST", `/v1/hosts/${host.name}/owner/rules`, { rules })
    const values: number[] = []
    while (values.length < RUNS) {
      values.push(await back(pool, host))
      note(`${values.length} of ${RUNS}: ${((values.at(-1) ?? 0) / 1_000).toFixed(1)} s`)
    }
    return [{ what: "input to memory back", unit: "ms", values, bounds: [{ of: "p99", most: 60_000 }] }]
  },
}

async function back(pool: Pool, host: LabHost): Promise<number> {
  const freeBytes = host.mac.state.freeBytes
  host.mac.owner("leaves", { idleMs: HOUR_MS })
  const { id } = await pool.submit({ command: ["perl", "-e", DEAF], graceMs: 120_000 })
  await pool.untilState(id, "running", 120_000)
  while ((await pool.log(id)).toString().split("holds").length < 4) await delay(50)
  const tree = host
    .processes()
    .filter(({ command }) => command.includes("my $held"))
    .map(({ pid }) => pid)
  await delay(500 + Math.random() * 500)
  const from = performance.now()
  host.mac.memory({ freeBytes: 2 * GIB })
  host.mac.owner("works", { user: "lena" })
  // What is over holds none, also before its parent has heard of it.
  while (tree.some((pid) => !["Z", undefined].includes(statOf(pid)[0]))) await delay(5)
  const tookMs = performance.now() - from
  await pool.api("POST", `/v1/jobs/${id}/stop`, { now: true }).catch(() => {})
  await pool.awaitJob(id)
  host.mac.memory({ freeBytes })
  return tookMs
}
