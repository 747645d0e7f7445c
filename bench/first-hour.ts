import { execFileSync } from "node:child_process"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import type { ServerId } from "../src/protocol/ids.ts"
import { keyLine } from "../src/protocol/key-line.ts"
import { fingerprintOf } from "../src/ssh/host-key.ts"
import { openServerKey } from "../src/ssh/server-key.ts"
import { type LabHost, startLab } from "../test/lab/lab.ts"
import { ScratchFolder } from "../test/support/scratch-folder.ts"
import type { Benchmark, Surroundings } from "./benchmark.ts"
import { timeCommand } from "./command.ts"
import type { Figure } from "./figure.ts"
import { sendNode } from "./send-node.ts"

const HOSTS = 12
const LINK = { delayMs: 10, mbit: 1_000 }
const ROOT = join(import.meta.dirname, "..")
const MINUTE_MS = 60_000

export const firstHour: Benchmark = {
  name: "first-hour",
  about:
    "What the machines need of the first hour, without what people read and type: `git clone`, `./windfall up --detach`, `host add` of a host that lets the server's key in, behind a relay with 20 ms there and back and 1 Gbit/s, a Node sent there, and a first job; then eleven hosts more, one after the other.",
  async run({ note }: Surroundings): Promise<readonly Figure[]> {
    using folder = new ScratchFolder()
    const clone = folder.at("clone")
    const keys = folder.at("home/.local/share/windfall/ssh")
    mkdirSync(keys, { recursive: true, mode: 0o700 })
    const { publicLine } = await openServerKey(keys, "windfall-bench")
    const hosts = Array.from({ length: HOSTS }, () => LINK)
    await using lab = await startLab({ hosts, authorizedKeys: [keyLine(publicLine, "s" as ServerId)] })
    const env = { PATH: process.env.PATH, HOME: folder.at("home"), npm_config_cache: npmCache() }
    const windfall = (...args: string[]) => timeCommand("./windfall", args, { cwd: clone, env, onOutput: () => {} })
    const add = async (host: LabHost) => {
      const way = ["--port", `${host.port}`, "--name", host.name, "--fingerprint", fingerprintOf(host.hostKey)]
      await windfall("host", "add", `${host.user}@${host.address}`, ...way)
      await sendNode(host)
      note(`${host.name} added`)
    }
    const [first, ...others] = lab.hosts as [LabHost, ...LabHost[]]
    const startedMs = performance.now()
    execFileSync("git", ["clone", "--quiet", ROOT, clone])
    try {
      await windfall("up", "--detach", "--port", "0")
      await add(first)
      await windfall("send", "--no-folder", "--", "echo", "hello")
      const firstJobMs = performance.now() - startedMs
      for (const host of others) await add(host)
      const allMs = performance.now() - startedMs
      return [
        {
          what: "clone to the end of the first job",
          unit: "ms",
          values: [firstJobMs],
          bounds: [{ of: "p99", most: 2 * MINUTE_MS }],
        },
        { what: "clone to twelve hosts", unit: "ms", values: [allMs], bounds: [{ of: "p99", most: 15 * MINUTE_MS }] },
      ]
    } finally {
      await windfall("down", "--now")
    }
  },
}

/** Of whoever runs the benchmark: packages are to be in it. */
function npmCache(): string {
  return execFileSync("npm", ["config", "get", "cache"], { encoding: "utf8" }).trim()
}
