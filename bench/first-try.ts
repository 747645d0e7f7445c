import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { ScratchFolder } from "../test/support/scratch-folder.ts"
import type { Benchmark, Surroundings } from "./benchmark.ts"
import { timeCommand } from "./command.ts"
import type { Figure } from "./figure.ts"

const TIMES = 3
const ROOT = join(import.meta.dirname, "..")

export const firstTry: Benchmark = {
  name: "first-try",
  about:
    "`git clone` of what is committed, then `./windfall try` in it to its end: packages installed from npm's cache, server, sshd, a host joined, Python and MLX brought where an index is in reach, a network trained, everything gone again.",
  async run({ note }: Surroundings): Promise<readonly Figure[]> {
    using folder = new ScratchFolder()
    const values: number[] = []
    for (let i = 1; i <= TIMES; i++) {
      const clone = folder.at(`clone-${i}`)
      const startedMs = performance.now()
      execFileSync("git", ["clone", "--quiet", ROOT, clone])
      await timeCommand("./windfall", ["try"], { cwd: clone, onOutput: () => {} })
      values.push(performance.now() - startedMs)
      note(`${((values.at(-1) ?? 0) / 1000).toFixed(1)} s`)
    }
    return [{ what: "clone to the end of try", unit: "ms", values, bounds: [{ of: "p99", most: 60_000 }] }]
  },
}
