/**
 * What the supervisor (perl/supervisor.pl) writes: the one-line files of an attempt's folder and the lines on the FIFO. All of it
 * could be half written, old or damaged: what does not read as it should is `null`, never a guess.
 */
import { CAUSES, type Cause } from "../protocol/job-state.ts"

/** The file `record`: the right to run, taken by one supervisor. */
export interface SupervisorRecord {
  readonly attempt: string
  readonly job: number
  readonly bootId: string
  readonly pid: number
  /** The supervisor's start as the platform names it; with the pid it is one process and no other. */
  readonly start: string
  /** By the host's clock. */
  readonly startedAt: number
  /** On the clock that counts sleep. */
  readonly uptimeMs: number
  /** The command's process and its group, once it was forked. */
  readonly child: number | null
}

/** The file `status`: how the command ended. */
export interface SupervisorStatus {
  readonly cause: Cause
  readonly exitCode: number | null
  readonly signal: number | null
  /** 0: it was stopped, or failed to start, before the command ran. */
  readonly startedAt: number
  readonly endedAt: number
  readonly peakMemoryBytes: number
  /** Output in all; `null` while processes are left that may still print (then the file `swept` says). */
  readonly stdoutBytes: number | null
  readonly stderrBytes: number | null
}

/** The file `swept`: the tree is gone. */
export interface SupervisorSwept {
  readonly stdoutBytes: number
  readonly stderrBytes: number
  /** Processes that could not be ended. */
  readonly strays: readonly number[]
}

export type SupervisorLine =
  | {
      readonly kind: "started"
      readonly sequence: number
      readonly pid: number
      readonly start: string
      readonly startedAt: number
    }
  | { readonly kind: "ended"; readonly sequence: number; readonly status: SupervisorStatus }
  | { readonly kind: "swept"; readonly sequence: number; readonly swept: SupervisorSwept }
  | { readonly kind: "died"; readonly sequence: number }
  | { readonly kind: "failed" | "held"; readonly sequence: number; readonly errno: number; readonly message: string }

export function parseRecord(text: string): SupervisorRecord | null {
  const match = /^windfall-record 1 (a\w+) (\d+) (\S+) (\d+) (\d+) (-?\d+) (\d+) \.\n(?:child (\d+)\n)?/.exec(text)
  if (match === null) return null
  const [, attempt = "", job, bootId = "", pid, start = "", startedAt, uptimeMs, child] = match
  return {
    attempt,
    job: Number(job),
    bootId,
    pid: Number(pid),
    start,
    startedAt: Number(startedAt),
    uptimeMs: Number(uptimeMs),
    child: child === undefined ? null : Number(child),
  }
}

export function parseStatus(text: string): SupervisorStatus | null {
  const match = /^windfall-status 1 (.+) \.\n/.exec(text)
  return match === null ? null : parseStatusFields((match[1] ?? "").split(" "))
}

/** Writes a status as the supervisor would, for the agent that must end an attempt in its place. */
export function formatStatus(status: SupervisorStatus): string {
  const { cause, exitCode, signal, startedAt, endedAt, peakMemoryBytes, stdoutBytes, stderrBytes } = status
  const fields = [cause, exitCode ?? "-", signal ?? "-", startedAt, endedAt, peakMemoryBytes]
  return `windfall-status 1 ${[...fields, stdoutBytes ?? -1, stderrBytes ?? -1].join(" ")} .\n`
}

export function parseSwept(text: string): SupervisorSwept | null {
  const match = /^windfall-swept 1 (\d+) (\d+) (\S+) \.\n/.exec(text)
  if (match === null) return null
  return { stdoutBytes: Number(match[1]), stderrBytes: Number(match[2]), strays: parseStrays(match[3] ?? "-") }
}

/** A line as it came. Jobs can write to the FIFO, too: only what carries this agent's token is proven to be of its supervisors. */
export type ToldLine = SupervisorLine & { readonly isProven: boolean }

/** Reads one line of the FIFO, without its end: a token, which is another agent's or none where it is not proven, and what is said. */
export function parseToldLine(text: string, token: string): ToldLine | null {
  const end = text.indexOf(" ")
  const line = end < 0 ? null : parseSupervisorLine(text.slice(end + 1))
  return line === null ? null : { ...line, isProven: text.slice(0, end) === token }
}

/** Reads what a supervisor says in one line. */
export function parseSupervisorLine(line: string): SupervisorLine | null {
  const fields = line.split(" ")
  const sequence = Number(fields[1])
  if (!Number.isSafeInteger(sequence) || sequence <= 0) return null
  switch (fields[0]) {
    case "S":
      return {
        kind: "started",
        sequence,
        pid: Number(fields[2]),
        start: fields[3] ?? "",
        startedAt: Number(fields[4]),
      }
    case "E": {
      const status = parseStatusFields(fields.slice(2))
      return status === null ? null : { kind: "ended", sequence, status }
    }
    case "W": {
      const swept = {
        stdoutBytes: Number(fields[2]),
        stderrBytes: Number(fields[3]),
        strays: parseStrays(fields[4] ?? "-"),
      }
      return Number.isSafeInteger(swept.stdoutBytes + swept.stderrBytes) ? { kind: "swept", sequence, swept } : null
    }
    case "D":
      return { kind: "died", sequence }
    case "F":
    case "H": {
      const kind = fields[0] === "F" ? "failed" : "held"
      return { kind, sequence, errno: Number(fields[2]) || 0, message: fields.slice(3).join(" ") }
    }
    default:
      return null
  }
}

function parseStatusFields(fields: readonly string[]): SupervisorStatus | null {
  const [cause, exitCode, signal, ...rest] = fields
  const numbers = rest.map(Number)
  if (fields.length !== 8 || !numbers.every(Number.isSafeInteger)) return null
  if (!(CAUSES as readonly (string | undefined)[]).includes(cause)) return null
  const [startedAt = 0, endedAt = 0, peakMemoryBytes = 0, stdoutBytes = -1, stderrBytes = -1] = numbers
  return {
    cause: cause as Cause,
    exitCode: exitCode === "-" ? null : Number(exitCode),
    signal: signal === "-" ? null : Number(signal),
    startedAt,
    endedAt,
    peakMemoryBytes,
    stdoutBytes: stdoutBytes < 0 ? null : stdoutBytes,
    stderrBytes: stderrBytes < 0 ? null : stderrBytes,
  }
}

function parseStrays(text: string): number[] {
  return text === "-" ? [] : text.split(",").map(Number).filter(Number.isSafeInteger)
}
