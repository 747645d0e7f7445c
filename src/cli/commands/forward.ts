import { WindfallError } from "../../protocol/errors.ts"
import type { JobView } from "../../protocol/job.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { findJob } from "../find-job.ts"
import { JobSignals } from "../follow/job-signals.ts"
import { JobWatch } from "../follow/job-watch.ts"
import { ForwardedPorts } from "../forward/forwarded-ports.ts"
import type { LocalPort } from "../forward/local-port.ts"
import { checkPairs, readPortPair } from "../forward/port-pair.ts"
import { fullText, openText, reasonOf } from "../forward/port-text.ts"
import { jobTitle, standingText, verdictText } from "../render/job-text.ts"
import { StatusLine } from "../render/status-line.ts"
import { printJson, say } from "../say.ts"

export const forward = command({
  name: "forward",
  operands: "JOB PORT[:LOCAL]...",
  about:
    "Makes ports of a running job those of this machine, for Jupyter, TensorBoard and the like: what connects to 127.0.0.1:LOCAL here reaches PORT on the job's host. Only ports that a process of the job listens on. LOCAL is PORT where it is not said; 0 takes a free one. Goes on until Ctrl-C or the end of the job.",
  minimum: 2,
  maximum: 50,
  options: {
    json: flag("print events as JSON, one a line; the last one says the exit code"),
  },
  examples: [
    ["windfall forward train 6006", "TensorBoard of the job train, at http://127.0.0.1:6006"],
    ["windfall forward 12 8888:0 6006:0", "two ports, at free ones here"],
  ],
  async run(cli, options, [typed = "", ...words]) {
    const pairs = words.map((word) => {
      try {
        return readPortPair(word)
      } catch (error) {
        const reason = (error as Error).message
        throw new WindfallError("invalid_input", `Cannot forward ${JSON.stringify(word.slice(0, 40))}: ${reason}`)
      }
    })
    checkPairs(pairs)
    const job = await findJob(cli, typed)
    if (isFinal(job.state)) {
      throw new WindfallError("wrong_state", `Cannot forward ports of ${jobTitle(job)}: it ${verdictText(job)}`, {
        hint: `What it printed: windfall logs ${job.id}   its files: windfall get ${job.id}`,
      })
    }
    using ports = await ForwardedPorts.open(cli, pairs, { isSent: true })
    return await forwardUntilEnd(cli, job, ports, options.json)
  },
})

async function forwardUntilEnd(cli: Cli, job: JobView, ports: ForwardedPorts, json: boolean): Promise<number> {
  using signals = new JobSignals()
  const leave = new AbortController()
  const left = new Promise<void>((resolve) => leave.signal.addEventListener("abort", () => resolve(), { once: true }))
  signals.listen(() => leave.abort())
  const status = new StatusLine(cli.stderr, cli.clock)
  const refused = Promise.withResolvers<never>()
  refused.promise.catch(() => undefined)
  const told = new Map<LocalPort, string>()
  const watch = new JobWatch({
    client: cli.client,
    job,
    signal: leave.signal,
    patienceMs: Number.POSITIVE_INFINITY,
    onRetry: () => undefined,
    onChange: () => undefined,
  })
  const tell = async (event: object, line: string) => {
    await status.clear()
    await (json ? printJson(cli, event) : say(cli, line))
  }
  const watching = watch.run()
  watching.catch(() => undefined)
  ports.leadTo(job.id, {
    open: (port, isHere) => {
      const { port: number, local, url } = port
      void tell({ type: "open", port: number, local, url, here: isHere }, openText(port, jobTitle(job), isHere))
    },
    failed: (_port, error) => refused.reject(error),
    full: ({ port }, error) => {
      void tell({ type: "full", port, ...error.toBody() }, fullText(port, error))
    },
    waiting: (port, error) => {
      // Whose job it is does not change.
      if (error.code === "not_logged_in" || error.code === "not_allowed") {
        return refused.reject(error)
      }
      const line = `waiting for port ${port.port} of ${jobTitle(job)}: ${reasonFor(watch.job, error, cli.clock.now())}`
      void status.show(`windfall: ${line}`)
      if (told.get(port) === line) return
      told.set(port, line)
      if (json) void printJson(cli, { type: "waiting", port: port.port, ...error.toBody() })
      else if (!cli.stderr.isTerminal) void say(cli, line)
    },
  })
  try {
    await Promise.race([watch.until((view) => isFinal(view.state)), watching, left, refused.promise])
    const isOver = isFinal(watch.job.state)
    if (json) await printJson(cli, { type: "end", exitCode: 0, job: watch.job })
    else if (isOver) {
      await status.clear()
      await say(cli, `${jobTitle(watch.job)} ${verdictText(watch.job)}: its ports are closed`)
    }
    return 0
  } finally {
    leave.abort()
    await status.clear()
  }
}

/** A job that waits says why itself; else the reason is behind "Cannot ...: ". */
function reasonFor(job: JobView, error: WindfallError, now: number): string {
  if (job.attempts.length === 0) return `the job is ${standingText(job, now)}`
  return reasonOf(error)
}
