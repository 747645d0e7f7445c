import { parseBytes } from "../../base/bytes.ts"
import type { Clock } from "../../base/clock.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { JobView } from "../../protocol/job.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag, listOf, value } from "../command-line/option.ts"
import type { ForwardedPorts } from "../forward/forwarded-ports.ts"
import type { LocalPort } from "../forward/local-port.ts"
import { checkPairs, type PortPair, readPortPair } from "../forward/port-pair.ts"
import { fullText, openText, reasonOf } from "../forward/port-text.ts"
import { say } from "../say.ts"
import { jobOptions, jobValues } from "../send/job-options.ts"
import { DEFAULT_WARN_BYTES, sendJob } from "../send/send-job.ts"
import { sentFolder } from "../send/sent-folder.ts"

/** A job's program has mostly taken its port by then. */
const LATE_MS = 5_000

export const send = command({
  name: "send",
  operands: "-- CMD...",
  about:
    "Runs a command on an idle Mac, in a copy of the folder you are in. Its output comes to your terminal, its files come home, and its exit code becomes yours: 2 means it was not accepted, 124 the time limit, 125 that Windfall or the host failed, 130 that it was stopped. Of each of stdout and stderr the first 256 MB and the last 64 MB are kept: larger results belong into files.",
  minimum: 0,
  maximum: Number.POSITIVE_INFINITY,
  operandsEnd: true,
  options: {
    ...jobOptions(),
    forward: listOf("PORT[:LOCAL]", "this port of the job at 127.0.0.1:LOCAL here, while you stay", readPortPair),
    detach: flag("do not stay: print the job's number and end", { short: "d" }),
    dryRun: flag("only say what would travel, what would stay home, and where it could run"),
    warnAbove: value("SIZE", "ask (or warn) before more than this travels (default 1G)", parseBytes),
    yes: flag("do not ask: send large folders, bring large outputs home", { short: "y" }),
    quiet: flag("say nothing but errors and warnings; the job's own output stays", { short: "q" }),
    json: flag("print events as JSON, one a line; the last one says the exit code"),
  },
  examples: [
    ["windfall send -- python train.py --epochs 3", "run it, watch it, get its files"],
    ["windfall send -m 48G -t 2h -J train --detach -- python train.py", "leave it running; windfall attach train"],
    ["windfall send --array 1-100%8 -- sh -c 'python t.py $WINDFALL_ARRAY_INDEX'", "100 tasks, eight at a time"],
    ["windfall send -e WANDB_MODE=offline --output 'results/**' -- make", "with a variable; only some files come home"],
  ],
  run: async (cli, options, words) => {
    const values = jobValues(options)
    using ports = await openPorts(cli, options.forward, { ...options, isArray: values.array !== undefined })
    const exitCode = await sendJob(cli, {
      values,
      command: words,
      ...sentFolder(cli, values),
      detach: options.detach,
      json: options.json,
      quiet: options.quiet,
      yes: options.yes,
      dryRun: options.dryRun,
      warnBytes: options.warnAbove ?? DEFAULT_WARN_BYTES,
      ...(ports === undefined ? {} : { onAccepted: (job, tell) => leadTo(ports, job, cli.clock, tell) }),
    })
    for (const { port } of options.quiet ? [] : (ports?.missing ?? [])) {
      await say(cli, `port ${port} was never open: nothing of the job has listened there`)
    }
    return exitCode
  },
})

/** Taken before anything is sent: a port that cannot be had is known then. */
async function openPorts(
  cli: Cli,
  pairs: readonly PortPair[],
  { detach, dryRun, isArray }: { readonly detach: boolean; readonly dryRun: boolean; readonly isArray: boolean },
): Promise<ForwardedPorts | undefined> {
  if (pairs.length === 0 || dryRun) return undefined
  if (isArray) {
    throw new WindfallError("invalid_input", "Cannot forward ports of an array: each of its tasks has its own", {
      hint: "Leave out --forward, and then: windfall forward 17_5 PORT",
    })
  }
  if (detach) {
    throw new WindfallError("invalid_input", "Cannot forward ports with --detach: they are open as long as you stay", {
      hint: "Leave out --forward, and then: windfall forward JOB PORT",
    })
  }
  checkPairs(pairs)
  return (await import("../forward/forwarded-ports.ts")).ForwardedPorts.open(cli, pairs, { isSent: false })
}

function leadTo(ports: ForwardedPorts, { id }: JobView, clock: Clock, tell: (text: string) => Promise<void>): void {
  const since = new Map<LocalPort, number>()
  const told = new Set<string>()
  ports.leadTo(id, {
    open: (port, isHere) => void tell(openText(port, `job ${id}`, isHere)),
    waiting: (port, error) => {
      // Before it runs the job itself says how it stands; then a program may take a moment.
      if (error.code !== "wrong_state" || error.details?.state !== undefined) return
      const startedMs = since.get(port) ?? clock.monotonicMs()
      since.set(port, startedMs)
      const line = `waiting for port ${port.port} of job ${id}: ${reasonOf(error)}`
      if (clock.monotonicMs() - startedMs < LATE_MS || told.has(line)) return
      told.add(line)
      void tell(line)
    },
    failed: (_port, error) => void tell(error.hint === undefined ? error.message : `${error.message}. ${error.hint}`),
    full: ({ port }, error) => void tell(fullText(port, error)),
  })
}
