import type { Benchmark } from "./benchmark.ts"
import { timeCommand, WINDFALL } from "./command.ts"
import type { Figure } from "./figure.ts"

const TIMES = 30

export const version: Benchmark = {
  name: "version",
  about: "`windfall --version`, whole command; beside it a Node that has nothing to do.",
  async run(): Promise<readonly Figure[]> {
    const ours: number[] = []
    const nothing: number[] = []
    await timeCommand(WINDFALL, ["--version"])
    for (let i = 0; i < TIMES; i++) {
      ours.push(await timeCommand(WINDFALL, ["--version"]))
      nothing.push(await timeCommand(process.execPath, ["-e", "0"]))
    }
    return [
      { what: "`windfall --version`", unit: "ms", values: ours, bounds: [{ of: "median", most: 60 }] },
      { what: "`node -e 0`", unit: "ms", values: nothing },
    ]
  },
}
