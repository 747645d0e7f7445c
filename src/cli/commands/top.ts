import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { topLines } from "../render/top-text.ts"
import { printJson } from "../say.ts"
import { lookAtPool, lookJson } from "../top/top-look.ts"

export const top = command({
  name: "top",
  operands: "",
  about:
    "Shows the hosts as they are now, the jobs on each with memory, CPU and time, and the head of the queue, and goes on showing it. q or Ctrl-C ends it. While the server cannot be reached the last picture stays, with its age. Where standard output is no terminal it is printed once.",
  minimum: 0,
  maximum: 0,
  options: {
    once: flag("print it once"),
    json: flag("print it once as JSON: hosts with their `standing`, and the queue"),
  },
  examples: [
    ["windfall top", "watch the pool"],
    ["windfall top --once", "the same, printed once"],
  ],
  async run(cli, options) {
    const { stdout, settings, clock } = cli
    const isLive = stdout.isTerminal && settings.term !== "dumb" && !options.once && !options.json
    if (isLive) return (await import("../top/live-top.ts")).liveTop(cli)
    const look = await lookAtPool(cli.client, clock.now)
    if (options.json) {
      await printJson(cli, lookJson(look))
      return 0
    }
    const width = stdout.isTerminal ? stdout.columns : undefined
    const color = stdout.isTerminal && settings.color
    const lines = topLines(look, { now: clock.now(), width, color, trouble: null })
    await stdout.write(lines.map((line) => `${line}\n`).join(""))
    return 0
  },
})
