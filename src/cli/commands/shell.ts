import { WindfallError } from "../../protocol/errors.ts"
import type { JobFieldKey, JobValues } from "../../protocol/job-fields.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag } from "../command-line/option.ts"
import { findJob } from "../find-job.ts"
import { flagOf, jobOptions, jobValues } from "../send/job-options.ts"
import { DEFAULT_WARN_BYTES, sendJob } from "../send/send-job.ts"
import { isTooMuch, sentFolder } from "../send/sent-folder.ts"
import { followSession } from "../terminal/follow-session.ts"
import { checkTerminal } from "../terminal/raw-terminal.ts"
import { shellBeside } from "../terminal/shell-beside.ts"

/** What a session has anyway, or cannot have. */
const NOT_FOR_SESSIONS: readonly JobFieldKey[] = ["pty", "stdin"]

export const shell = command({
  name: "shell",
  operands: "[JOB]",
  about:
    "Opens a terminal. With a job: in that job's folder on its host, beside it, with its environment; it ends with the job. Without: a session on an idle host, in a copy of the folder you are in, which waits in the queue like any job; lost connections do not end it. At the start of a line ~. leaves: a session then runs on (windfall attach JOB returns), a shell beside a job ends.",
  minimum: 0,
  maximum: 1,
  options: {
    ...jobOptions(),
    yes: flag("do not ask: send large folders, bring large outputs home", { short: "y" }),
    quiet: flag("say nothing but errors and warnings", { short: "q" }),
  },
  examples: [
    ["windfall shell -m 64G --time 2h", "a session on an idle Mac with 64 GB to spare"],
    ["windfall shell train", "look around beside the job named train"],
  ],
  async run(cli, options, [typed]) {
    checkTerminal()
    const given = jobValues(options)
    if (typed !== undefined) {
      const [unfit] = Object.keys(given) as JobFieldKey[]
      if (unfit !== undefined) {
        throw new WindfallError(
          "invalid_input",
          `Cannot open a shell beside a job with ${flagOf(unfit)}: the job has its lease already`,
          { hint: `Leave it out: windfall shell ${typed}. A session of its own: windfall shell ${flagOf(unfit)} ...` },
        )
      }
      return shellBeside(cli, await findJob(cli, typed))
    }
    const values = withoutHome(cli, given)
    for (const field of NOT_FOR_SESSIONS) {
      if (values[field] === undefined) continue
      throw new WindfallError("invalid_input", `Cannot open a session with ${flagOf(field)}: its terminal is yours`, {
        hint: `A command with ${flagOf(field)}: windfall send ${flagOf(field)} -- CMD`,
      })
    }
    return sendJob(cli, {
      values: withColours(cli, values),
      session: followSession,
      command: [],
      ...sentFolder(cli, values),
      detach: false,
      json: false,
      quiet: options.quiet,
      yes: options.yes,
      dryRun: false,
      warnBytes: DEFAULT_WARN_BYTES,
    })
  },
})

/** Programs look here, not at TERM, for whether the terminal shows any colour there is. */
function withColours(cli: Cli, values: JobValues): JobValues {
  if ((cli.settings.environment.COLORTERM ?? "") === "") return values
  const env = values.env ?? []
  return env.some((one) => one.startsWith("COLORTERM")) ? values : { ...values, env: [...env, "COLORTERM"] }
}

/** Nobody who opens a session at home, or at the top of a disk, means to send all that. */
function withoutHome(cli: Cli, values: JobValues): JobValues {
  return values.folder === undefined && isTooMuch(cli, cli.cwd) ? { ...values, "no-folder": true } : values
}
