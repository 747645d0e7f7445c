import { parseBytes } from "../../base/bytes.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { type FileJob, jobFileTooLarge, MAX_JOB_FILE_BYTES, readJobFile } from "../../protocol/job-file.ts"
import { fs, path } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import { command } from "../command-line/command.ts"
import { flag, notEmpty, value } from "../command-line/option.ts"
import { readReason } from "../read-reason.ts"
import { DEFAULT_WARN_BYTES, sendJob } from "../send/send-job.ts"

const DEFAULT_FILE = "windfall.yml"

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
    const name = typed === "-" ? "standard input" : typed
    const jobs = readJobFile(readFile(cli, typed), name, cli.settings.environment)
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

function readFile(cli: Cli, typed: string): string {
  const bytes = readBytes(cli, typed)
  if (bytes.length > MAX_JOB_FILE_BYTES) throw jobFileTooLarge(typed === "-" ? "standard input" : typed)
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    throw new WindfallError("invalid_input", `Cannot read ${typed}: it is not UTF-8 text`, {
      hint: "Save it as UTF-8",
    })
  }
}

/** One byte more than a job file may have at most: that is enough to refuse it, and there may be no end to it. */
function readBytes(cli: Cli, typed: string): Uint8Array {
  const named = typed === "-" ? null : path.resolve(cli.cwd, typed)
  try {
    const file = named === null ? 0 : fs.openSync(named, "r")
    try {
      return readUpTo(file, MAX_JOB_FILE_BYTES + 1)
    } finally {
      if (named !== null) fs.closeSync(file)
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "EISDIR") {
      throw new WindfallError("invalid_input", `Cannot read ${typed}: it is a folder, not a job file`, {
        hint: `Name the file in it: windfall apply -f ${path.join(typed, DEFAULT_FILE)}`,
      })
    }
    throw new WindfallError("file_not_found", `Cannot read ${typed}: ${readReason(error)}`, {
      hint: code === "ENOENT" ? "Write one (docs/job-file.md), or send without: windfall send -- CMD" : undefined,
    })
  }
}

function readUpTo(file: number, maxBytes: number): Uint8Array {
  const buffer = Buffer.allocUnsafe(maxBytes)
  let length = 0
  for (;;) {
    const read = fs.readSync(file, buffer, length, maxBytes - length, null)
    length += read
    if (read === 0 || length === maxBytes) return buffer.subarray(0, length)
  }
}
