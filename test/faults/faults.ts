import { setTimeout as sleep } from "node:timers/promises"
import type { LabHost } from "../lab/lab.ts"
import { descendants } from "../lab/processes.ts"
import type { Ground } from "./ground.ts"
import type { Random } from "./random.ts"

const HOUR_MS = 3_600_000

/** What a fault may cost the jobs it meets. */
export type Toll =
  /** Nothing: each runs once, with every byte. */
  | "nothing"
  /** What ran there is lost; the retry policy decides. */
  | "attempts"
  /** What cannot be written cannot be kept: the job may fail, in words. */
  | "writes"

export interface Fault {
  readonly name: string
  /** Whether it strikes the server, and with it all jobs, or one host. */
  readonly strikes: "server" | "host"
  /** Needs disks of their own, which can be filled. */
  readonly needsDisks: boolean
  readonly toll: Toll
  /** Does it; what is returned ends it, after the fault has lasted a while. */
  inject(ground: Ground, host: LabHost, random: Random): Promise<() => Promise<void>>
}

const fault = (
  name: string,
  strikes: Fault["strikes"],
  inject: Fault["inject"],
  { toll = "nothing", needsDisks = false }: { readonly toll?: Toll; readonly needsDisks?: boolean } = {},
): Fault => ({ name, strikes, inject, toll, needsDisks })

const nothing = async (): Promise<void> => {}

/** Everything that the promises about jobs are tried against. */
export const FAULTS: readonly Fault[] = [
  fault("server killed", "server", async ({ pool }) => {
    await pool.server.kill9()
    return () => pool.server.start()
  }),
  fault("server's clock moved", "server", async (ground, _host, random) => {
    const byMs = random.pick([-1, 1]) * random.between(1_000, 2 * HOUR_MS)
    ground.moveServerClock(byMs)
    return async () => ground.moveServerClock(-byMs)
  }),
  fault(
    "server's disk full",
    "server",
    async (ground) => {
      ground.fillServerDisk()
      return async () => ground.freeServerDisk()
    },
    { needsDisks: true },
  ),
  fault("server and all agents killed", "server", async ({ pool }) => {
    const killed = pool.server.kill9()
    for (const host of pool.hosts) killAll(host, /agent\.mjs --root/)
    await killed
    return () => pool.server.start()
  }),
  fault("server killed while its hosts are cut off", "server", async ({ pool }, _host, random) => {
    await Promise.all(pool.hosts.map((host) => host.cut()))
    await sleep(random.between(0, 300))
    await pool.server.kill9()
    return async () => {
      await Promise.all([pool.server.start(), sleep(random.between(0, 800))])
      await Promise.all(pool.hosts.map((host) => host.restore()))
    }
  }),
  fault(
    "hosts restarted while the server is down",
    "server",
    async ({ pool }) => {
      await pool.server.kill9()
      await Promise.all(pool.hosts.map((host) => host.restart()))
      return () => pool.server.start()
    },
    { toll: "attempts" },
  ),
  fault("agent killed", "host", async (_ground, host) => {
    killAll(host, /agent\.mjs --root/)
    return nothing
  }),
  fault("forker killed", "host", async (_ground, host) => {
    killAll(host, /^windfall forker/)
    return nothing
  }),
  fault("ssh killed", "host", async ({ pool }, host) => {
    const ours = descendants(pool.server.pid).filter(
      ({ command }) => command.startsWith("ssh ") && command.includes(`${host.user}@${host.address}`),
    )
    for (const { pid } of ours) tryKill(pid)
    return nothing
  }),
  fault("link cut", "host", async (_ground, host) => {
    await host.cut()
    return () => host.restore()
  }),
  fault("link cut again and again", "host", async (_ground, host, random) => {
    for (let round = 0; round < 3; round++) {
      await host.cut()
      await sleep(random.between(20, 400))
      await host.restore()
      await sleep(random.between(20, 400))
    }
    return nothing
  }),
  fault(
    "host restarted",
    "host",
    async (_ground, host) => {
      await host.restart()
      return nothing
    },
    { toll: "attempts" },
  ),
  fault("host asleep for an hour", "host", async (ground, host) => {
    await host.sleep()
    return async () => {
      ground.moveServerClock(HOUR_MS)
      for (const each of ground.pool.hosts) ground.moveHostClock(each, HOUR_MS, each === host ? HOUR_MS : 0)
      await host.wake()
    }
  }),
  fault("host's clock moved", "host", async (ground, host, random) => {
    const byMs = random.pick([-1, 1]) * random.between(1_000, 2 * HOUR_MS)
    ground.moveHostClock(host, byMs)
    return async () => ground.moveHostClock(host, -byMs)
  }),
  fault(
    "host's disk full",
    "host",
    async (_ground, host) => {
      host.fillDisk()
      return async () => host.freeDisk()
    },
    { toll: "writes", needsDisks: true },
  ),
]

function killAll(host: LabHost, pattern: RegExp): void {
  for (const { pid, command } of host.processes()) if (pattern.test(command)) tryKill(pid)
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // Gone in the same moment.
  }
}
