import type { MacInvite } from "../src/protocol/lending.ts"
import { letReachServer, openTerminal } from "../test/support/owner-terminal.ts"
import { startPool } from "../test/support/pool.ts"
import type { Benchmark, Surroundings } from "./benchmark.ts"
import type { Figure } from "./figure.ts"
import { sendNode } from "./send-node.ts"

const HOSTS = 3
/** In each direction: 20 ms there and back. */
const DELAY_MS = 10
const MBIT = 1_000

export const hostJoin: Benchmark = {
  name: "host-join",
  about:
    "A host that has nothing of Windfall yet joins behind a relay with 20 ms there and back and 1 Gbit/s: check, agent sent and started, host ready. Lab hosts see the server's own Node and take that, so as many bytes are sent by an ssh of their own. And an invited owner's whole line, yes typed at once, until the host is ready, which a relay cannot carry: all of it without delay and without Node.",
  async run({ note }: Surroundings): Promise<readonly Figure[]> {
    const link = { delayMs: DELAY_MS, mbit: MBIT }
    await using pool = await startPool({ hosts: Array.from({ length: HOSTS }, () => link), joinNone: true })
    const joins: number[] = []
    const transfers: number[] = []
    for (const host of pool.hosts) {
      const startedMs = performance.now()
      await pool.join(host)
      await pool.untilHost(host.name, ({ link: state }) => state === "ready")
      const joinedMs = performance.now()
      await sendNode(host)
      joins.push(joinedMs - startedMs)
      transfers.push(performance.now() - joinedMs)
      note(`${host.name} joined`)
    }
    const together = joins.map((joinMs, i) => joinMs + transfers[i]!)
    const invited = await timeInvitations(note)
    const all = together.map((ms, i) => ms + invited[i]!)
    return [
      { what: "join to host ready", unit: "ms", values: joins },
      { what: "a Node sent", unit: "ms", values: transfers },
      { what: "both", unit: "ms", values: together },
      { what: "invitation pasted to host ready, no delay, no Node", unit: "ms", values: invited },
      {
        what: "all three, more than one invitation takes",
        unit: "ms",
        values: all,
        bounds: [{ of: "p99", most: 20_000 }],
      },
    ]
  },
}

async function timeInvitations(note: (line: string) => void): Promise<number[]> {
  await using pool = await startPool({ hosts: HOSTS, joinNone: true })
  const keeper = (...args: string[]) => {
    const cleared = { WINDFALL_URL: undefined, WINDFALL_TOKEN: undefined, WINDFALL_DATA: undefined }
    return pool.windfall(args, { env: { HOME: pool.scratch.at("keeper"), ...cleared } })
  }
  const up = await keeper("up", "--detach", "--lan", "--port", "0")
  if (up.exitCode !== 0) throw new Error(up.stderr)
  const times: number[] = []
  try {
    for (const host of pool.hosts) {
      const invite = JSON.parse((await keeper("invite", "mac", "--json", "--name", host.name)).stdout) as MacInvite
      letReachServer(host, invite)
      const startedMs = performance.now()
      await using terminal = openTerminal(host, invite.line, pool.scratch.at(`known_hosts-${host.name}`))
      await terminal.says("Go on?")
      terminal.process.stdin.write("yes\n")
      const { exitCode, stdout } = await terminal.ended
      if (exitCode !== 0) throw new Error(stdout)
      times.push(performance.now() - startedMs)
      note(`${host.name} lent`)
    }
  } finally {
    await keeper("down", "--now")
  }
  return times
}
