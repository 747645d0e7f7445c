import { parseBytes } from "../base/bytes.ts"
import { closest } from "../base/closest.ts"
import { durationText, parseDuration } from "../base/duration.ts"
import { checkPython } from "./environment-values.ts"
import { WindfallError } from "./errors.ts"
import { gangProblem, readGang } from "./gang.ts"
import type { BlobHash } from "./ids.ts"
import type { GitRecord, JobSpec } from "./job.ts"
import { DEFAULT_SPEC, DEFAULT_TERMINAL } from "./job.ts"
import { readJobData } from "./job-data.ts"
import type { JobField, JobValues } from "./job-fields.ts"
import { notifyOf } from "./job-notify.ts"
import { checkSecrets, jobEnvironment } from "./job-variables.ts"
import { jobNameLike } from "./name-hints.ts"
import { globCharacters, MAX_GLOB_CHARACTERS, outputProblem } from "./output-globs.ts"
import { warningOf } from "./warning-signal.ts"

/** Signals that may ask a job to stop: those a program can handle and that mean it. */
export const STOP_SIGNALS = [
  "SIGTERM",
  "SIGINT",
  "SIGHUP",
  "SIGQUIT",
  "SIGUSR1",
  "SIGUSR2",
  "SIGURG",
  "SIGKILL",
] as const

/**
 * Reads one value of a single-valued field from text, as typed after a flag or standing in a job file.
 * @throws {SyntaxError} naming the value and what would be right
 */
export function readFieldText(field: JobField, text: string): string | number | boolean {
  if (text.includes("\0")) throw new SyntaxError("a NUL character cannot be part of it")
  switch (field.kind) {
    case "bytes": {
      const bytes = parseBytes(text)
      if (bytes === 0) throw new SyntaxError(`"${text}" is nothing: leave it out for the default`)
      return bytes
    }
    case "duration":
      return readDuration(text, field.minimum, field.maximum)
    case "count":
      return readCount(text, field.minimum ?? 0, field.maximum ?? Number.MAX_SAFE_INTEGER)
    case "switch":
      if (text === "true" || text === "yes") return true
      if (text === "false" || text === "no") return false
      throw new SyntaxError(`"${text}" is neither true nor false`)
    case "text":
    case "list":
      if (text === "") throw new SyntaxError("it is empty")
      return text
  }
}

/**
 * Reads a duration within bounds, all in milliseconds.
 * @throws {SyntaxError} naming the value, and the bound that it is beyond as people write it
 */
export function readDuration(text: string, minimumMs = 0, maximumMs = Number.MAX_SAFE_INTEGER): number {
  const durationMs = parseDuration(text)
  if (durationMs < minimumMs) throw new SyntaxError(`"${text}" is too short: ${durationText(minimumMs)} or more`)
  if (durationMs > maximumMs) throw new SyntaxError(`"${text}" is too long: ${durationText(maximumMs)} at most`)
  return durationMs
}

/** @throws {SyntaxError} unless `text` is a whole number from `minimum` to `maximum` */
export function readCount(text: string, minimum: number, maximum: number): number {
  const form = minimum < 0 ? /^-?\d+$/ : /^\d+$/
  if (!form.test(text.trim())) throw new SyntaxError(`"${text}" is not a whole number`)
  const count = Number(text)
  if (count < minimum || count > maximum) {
    throw new SyntaxError(
      maximum === Number.MAX_SAFE_INTEGER
        ? `${text} is too small: ${minimum} or more`
        : `${text} is out of range: ${minimum} to ${maximum}`,
    )
  }
  return count
}

/** Why a text cannot be a job's name, or `null` when it can. A number would be taken for a job's number. */
export function jobNameProblem(name: string): string | null {
  if (/^\d+$/.test(name)) return "a name made of digits alone would be taken for a job's number"
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)) {
    return "a name has up to 63 letters, digits, dots, dashes and underscores, and starts with a letter or digit"
  }
  return null
}

/** "TERM", "sigterm" and "SIGTERM" are the same signal. @throws {SyntaxError} for one that cannot ask a job to stop */
export function readSignal(text: string): string {
  const name = text.toUpperCase().startsWith("SIG") ? text.toUpperCase() : `SIG${text.toUpperCase()}`
  if (!(STOP_SIGNALS as readonly string[]).includes(name)) {
    throw new SyntaxError(`"${text}" is not one of ${STOP_SIGNALS.join(", ")}`)
  }
  return name
}

/** What is known only at the sender's place: the rest of a {@link JobSpec}. */
export interface SenderFacts {
  readonly kind: JobSpec["kind"]
  readonly command: readonly string[]
  /** The environment `--env NAME` takes its values from. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly workspace: BlobHash | null
  readonly workingFolder: string
  readonly stdin: BlobHash | null
  readonly terminal: JobSpec["pty"]
  readonly git: GitRecord | null
}

/**
 * Turns what a sender said into the job's specification.
 * @throws {WindfallError} `invalid_input` or `too_large`, saying which field and why; `details.field` is its key
 */
export function toJobSpec(values: JobValues, facts: SenderFacts): JobSpec {
  const { name = null, once = false } = values
  if (name !== null) {
    const problem = jobNameProblem(name)
    if (problem !== null)
      throw new WindfallError("invalid_input", `Cannot name a job ${JSON.stringify(name)}: ${problem}`, {
        hint: `For instance: ${jobNameLike(name)}`,
        details: { field: "name" },
      })
  }
  if (once && (values.retry ?? 0) > 0) {
    throw new WindfallError("invalid_input", "Cannot send with both --once and --retry: they say the opposite", {
      hint: "Keep --retry for jobs that may run twice, --once for those that must not.",
      details: { field: "once" },
    })
  }
  if (values["retry-after-silence"] !== undefined && (values.retry ?? 0) === 0) {
    throw new WindfallError(
      "invalid_input",
      "Cannot send with --retry-after-silence alone: nothing would be tried again",
      {
        hint: "Say how often, too: --retry 1",
        details: { field: "retry-after-silence" },
      },
    )
  }
  if (values.pty === true && values.stdin !== undefined) {
    throw new WindfallError("invalid_input", "Cannot send with both --pty and --stdin: a terminal is not a file", {
      hint: "Keep --stdin for programs that read a file, --pty for those that want a terminal.",
      details: { field: "pty" },
    })
  }
  if (values["no-folder"] === true) checkNothingTravels(values)
  checkGlobs("outputs", values.outputs ?? [])
  const checkpoint = checkpointOf(values)
  checkCommand(facts)
  checkPython(values)
  const gang = readGang(values)
  const env = jobEnvironment(values.env ?? [], facts.environment)
  checkSecrets(values.secrets ?? [], env)
  const warning = warningOf(values.signal, values.time ?? null)
  const spec: JobSpec = {
    kind: facts.kind,
    name,
    command: facts.command,
    env,
    secrets: values.secrets ?? [],
    workspace: facts.workspace,
    workingFolder: facts.workingFolder,
    resources: {
      memoryBytes: values.memory ?? DEFAULT_SPEC.resources.memoryBytes,
      gpus: values.gpu ?? DEFAULT_SPEC.resources.gpus,
      cores: values.cores ?? DEFAULT_SPEC.resources.cores,
    },
    timeLimitMs: values.time ?? null,
    graceMs: values.grace ?? DEFAULT_SPEC.graceMs,
    stopSignal: values["stop-signal"] === undefined ? DEFAULT_SPEC.stopSignal : signalField(values["stop-signal"]),
    ...(warning === undefined ? {} : { warning }),
    host: values.host ?? null,
    partition: values.partition ?? DEFAULT_SPEC.partition,
    outputs: values.outputs ?? null,
    checkpoint,
    retry: { limit: values.retry ?? 0, afterSilenceMs: values["retry-after-silence"] ?? null, once },
    stdin: facts.stdin,
    pty: values.pty === true || facts.kind === "session" ? (facts.terminal ?? DEFAULT_TERMINAL) : null,
    needsLan: values["needs-lan"] ?? false,
    notify: notifyOf(values),
    data: readJobData(values.data ?? []),
    git: facts.git,
    environment: null, // who sends looks into the folder
    ...(gang === undefined ? {} : { gang }),
  }
  const problem = gangProblem(spec)
  if (problem === null) return spec
  throw new WindfallError("invalid_input", `Cannot run the job on ${gang?.hosts} hosts: ${problem}`, {
    hint: "Leave --nodes out, or what it does not go with (--host, --pty)",
    details: { field: "nodes" },
  })
}

function checkNothingTravels({ folder, include: [included] = [] }: JobValues): void {
  if (folder !== undefined) {
    throw new WindfallError("invalid_input", "Cannot send with both --folder and --no-folder: they say the opposite", {
      hint: "Keep --folder for jobs that need files, --no-folder for those that need none.",
      details: { field: "no-folder" },
    })
  }
  if (included !== undefined) {
    throw new WindfallError("invalid_input", `Cannot include ${included}: with --no-folder nothing travels`, {
      hint: "Leave --no-folder out, or --include.",
      details: { field: "include" },
    })
  }
}

function signalField(text: string): string {
  try {
    return readSignal(text)
  } catch (error) {
    throw new WindfallError("invalid_input", `Cannot use --stop-signal: ${(error as SyntaxError).message}`, {
      hint: `For instance: --stop-signal ${closest(text, STOP_SIGNALS) ?? "SIGINT"}`,
    })
  }
}

function checkCommand(facts: SenderFacts): void {
  if (facts.kind === "task" && facts.command.length === 0) {
    throw new WindfallError("invalid_input", "Cannot send a job: there is no command", {
      hint: "Write the command after two dashes: windfall send -- python train.py",
    })
  }
  if (facts.command.some((word) => word.includes("\0"))) {
    throw new WindfallError("invalid_input", "Cannot send this command: a word of it contains a NUL character", {
      hint: "No system can start such a command: put what has NUL characters into a file of the folder.",
    })
  }
  if (facts.kind === "task" && facts.command[0] === "") {
    throw new WindfallError("invalid_input", "Cannot send this command: its first word, the program, is empty", {
      hint: "Write the program first: windfall send -- python train.py",
    })
  }
}

/** `--checkpoint none` is nothing. */
function checkpointOf({ checkpoint }: JobValues): readonly string[] | null {
  if (checkpoint === undefined) return null
  if (checkpoint.length === 1 && checkpoint[0] === "none") return []
  checkGlobs("checkpoint", checkpoint)
  return checkpoint
}

function checkGlobs(field: "outputs" | "checkpoint", globs: readonly string[]): void {
  const doing = field === "outputs" ? ["bring", "home"] : ["keep", "for its next attempt"]
  for (const glob of globs) {
    const problem = outputProblem(glob)
    if (problem !== null)
      throw new WindfallError("invalid_input", `Cannot ${doing[0]} ${JSON.stringify(glob)} ${doing[1]}: ${problem}`, {
        hint: "Let the job write into its folder: only that is looked through.",
        details: { field },
      })
  }
  const characters = globCharacters(globs)
  if (characters > MAX_GLOB_CHARACTERS) {
    throw new WindfallError(
      "too_large",
      `Cannot send ${characters} characters of ${field === "outputs" ? "output" : field} globs: a job may have ${MAX_GLOB_CHARACTERS}`,
      { hint: "Name the folder that they are in: all below it counts.", details: { field } },
    )
  }
}
