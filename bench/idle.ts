import { type Pool, startPool } from "../test/support/pool.ts"
import type { Benchmark } from "./benchmark.ts"
import type { Figure } from "./figure.ts"
import { type Usage, usageOf } from "./processes.ts"

const SSH_HOSTS = 4
const HOSTS = 50
const SETTLE_MS = 15_000
const SPAN_MS = 20_000
const MEGABYTE = 1e6

export const idle: Benchmark = {
  name: "idle",
  about: `A server with ${HOSTS} hosts after one job on each kind: ${SSH_HOSTS} behind real sshds, the others agents it runs on this machine. Resident memory, and CPU over ${SPAN_MS / 1000} s as part of one core.`,
  async run({ note }): Promise<readonly Figure[]> {
    await using pool = await startPool({ hosts: SSH_HOSTS, local: HOSTS - SSH_HOSTS })
    for (let i = 0; i < 8; i++) await pool.awaitJob((await pool.submit()).id)
    note("waiting until all is quiet")
    await pause(SETTLE_MS)
    const before = look(pool)
    await pause(SPAN_MS)
    const after = look(pool)
    const percent = (part: readonly Usage[], earlier: readonly Usage[]) =>
      part.map(({ pid, cpuMs }) => {
        const since = earlier.find((each) => each.pid === pid)?.cpuMs ?? cpuMs
        return ((cpuMs - since) / SPAN_MS) * 100
      })
    const megabytes = (part: readonly Usage[]) => part.map(({ memoryBytes }) => memoryBytes / MEGABYTE)
    const most = (limit: number) => [{ of: "median", most: limit }] as const
    return [
      { what: "server, memory", unit: "MB", values: megabytes(after.server), bounds: most(150) },
      { what: "server, CPU", unit: "%", values: percent(after.server, before.server), bounds: most(1) },
      { what: "its ssh children, memory each", unit: "MB", values: megabytes(after.ssh) },
      { what: "agents, memory each", unit: "MB", values: megabytes(after.agents), bounds: most(70) },
      { what: "agents, CPU each", unit: "%", values: percent(after.agents, before.agents), bounds: most(0.5) },
      { what: "agents' forkers, memory each", unit: "MB", values: megabytes(after.forkers) },
    ]
  },
}

function look(pool: Pool) {
  const all = usageOf(pool.server.pid)
  const below = [...all, ...pool.hosts.flatMap((host) => usageOf(host.pid))]
  return {
    server: all.filter(({ pid }) => pid === pool.server.pid),
    ssh: all.filter(({ command }) => /^(\S*\/)?ssh /.test(command)),
    agents: below.filter(({ command }) => /agent\.mjs/.test(command)),
    forkers: below.filter(({ command }) => command.startsWith("windfall forker")),
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
