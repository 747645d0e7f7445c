import { parseBytes } from "../../base/bytes.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { type FileJob, jobFileTooLarge, MAX_JOB_FILE_BYTES, readJobFile } from "../../protocol/job-file.ts"
import { path } from "../builtin.ts"
import { command } from "../command-line/command.ts"
import { flag, notEmpty, value } from "../command-line/option.ts"
import { type InputKind, inputName, readInput } from "../read-input.ts"
import { DEFAULT_WARN_BYTES, sendJob } from "../send/send-job.ts"

const DEFAULT_FILE = "windfall.yml"

const JOB_FILE: InputKind = {
  what: "a job file",
  maxBytes: MAX_JOB_FILE_BYTES,
  tooLarge: jobFileTooLarge,
  folderHint: (typed) => `Name the file in it: windfall apply -f ${path.join(typed, DEFAULT_FILE)}`,
  missingHint: "Write one (docs/job-file.md), or send without: windfall send -- CMD",
}

export const apply = command({
  name: "apply",
  operands: "",
  about:
    "Sends the job that a file describes; the folder of the file travels. Several jobs in one file, separated by lines of three dashes, are sent all or none, and are left to run.",
  minimum: 0,
  maximum: 0,
  options: {
    file: value("FILE", `the job file, or - for standard input (default ${DEFAULT_FILE})`, notEmpty, { short: "f" }),
    detach: flag("do not stay: print the job's number and end", { short: "d" }),
    dryRun: flag("only say what would travel, and what would stay home"),
    warnAbove: value("SIZE", "ask (or warn) before more than this travels (default 1G)", parseBytes),
    yes: flag("do not ask: send large folders, bring large outputs home", { short: "y" }),
    quiet: flag("say nothing but errors and warnings; the job's own output stays", { short: "q" }),
    json: flag("print events as JSON, one a line; the last one says the exit code"),
  },
  examples: [["windfall apply -f windfall.yml", "send it, watch it, get its files (see docs/job-file.md)"]],
  async run(cli, options) {
    const typed = options.file ?? DEFAULT_FILE
    const name = inputName(typed)
    const jobs = readJobFile(readInput(cli, typed, JOB_FILE), name, cli.settings.environment)
    const base = typed === "-" ? cli.cwd : path.dirname(path.resolve(cli.cwd, typed))
    const requests = jobs.map((job) => ({
      ...placed(job, base, typed),
      detach: options.detach || jobs.length > 1,
      json: options.json,
      quiet: options.quiet,
      yes: options.yes,
      dryRun: options.dryRun,
      warnBytes: options.warnAbove ?? DEFAULT_WARN_BYTES,
    }))
    const [only, ...others] = requests
    if (only !== undefined && others.length === 0) return sendJob(cli, only)
    return (await import("../send/send-jobs.ts")).sendJobs(cli, requests)
  },
})

/** Paths in a job file are relative to the file. */
function placed(job: FileJob, base: string, file: string) {
  const { stdin, folder = ".", "no-folder": none } = job.values
  if (stdin === "-" && file === "-") {
    throw new WindfallError(
      "invalid_input",
      "Cannot read both the job file and the job's standard input from standard input",
      { hint: "Keep one of them in a file: windfall apply -f FILE" },
    )
  }
  const values = stdin === undefined || stdin === "-" ? job.values : { ...job.values, stdin: path.resolve(base, stdin) }
  return { values, command: job.command, folder: none ? null : path.resolve(base, folder), workingFolder: "" }
}
