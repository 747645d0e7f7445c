import { closest } from "../base/closest.ts"
import { parseDuration } from "../base/duration.ts"
import { WindfallError } from "./errors.ts"

/** What a job is told before its time limit ends it. */
export interface WarningSignal {
  /** For instance "SIGUSR1". */
  readonly signal: string
  /** How long before the limit, suspended time not counted. */
  readonly beforeMs: number
  /** Only the command itself hears it, and not the processes it has started. */
  readonly commandOnly: boolean
}

/** Signals that tell a program something and leave it a choice. */
export const WARNING_SIGNALS = ["SIGUSR1", "SIGUSR2", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const

/** As of Slurm's --signal. */
export const DEFAULT_WARNING_MS = 60_000
export const MOST_WARNING_MS = 366 * 86_400_000

/**
 * Reads `USR1`, `SIGUSR1@5m`, `USR1@300` (seconds, as in Slurm), `B:USR1@5m` (the command alone).
 * @throws {SyntaxError} saying what would be right
 */
export function readWarning(text: string): WarningSignal {
  const [, only, name = "", time] = /^(?:(B):)?([^@:]*)(?:@(.*))?$/i.exec(text.trim()) ?? []
  if (name === "") throw new SyntaxError(`"${text}" is not a signal and a time: USR1@5m`)
  if (/^\d+$/.test(name)) {
    throw new SyntaxError(`signal ${name} is another one on macOS than on Linux: say its name, for instance USR1@5m`)
  }
  const upper = name.toUpperCase()
  const signal = upper.startsWith("SIG") ? upper : `SIG${upper}`
  if (!(WARNING_SIGNALS as readonly string[]).includes(signal)) {
    throw new SyntaxError(`"${name}" is not one of ${WARNING_SIGNALS.join(", ")}`)
  }
  const beforeMs =
    time === undefined ? DEFAULT_WARNING_MS : /^\d+$/.test(time) ? Number(time) * 1000 : parseDuration(time)
  if (beforeMs < 1 || beforeMs > MOST_WARNING_MS) throw new SyntaxError(`"${time}" is not a time before the limit: 5m`)
  return { signal, beforeMs, commandOnly: only !== undefined }
}

/**
 * What a sender's `--signal` means; `undefined` where there is none.
 * @param timeLimitMs the job's own; `null` where only its partition may have one
 * @throws {WindfallError} invalid_input
 */
export function warningOf(text: string | undefined, timeLimitMs: number | null): WarningSignal | undefined {
  if (text === undefined) return undefined
  const details = { field: "signal" }
  try {
    const warning = readWarning(text)
    checkWarning(warning, timeLimitMs)
    return warning
  } catch (error) {
    if (error instanceof WindfallError) throw error
    const near = closest(text.replace(/@.*/, ""), WARNING_SIGNALS) ?? "SIGUSR1"
    throw new WindfallError("invalid_input", `Cannot use --signal: ${(error as SyntaxError).message}`, {
      hint: `For instance: --signal ${near.slice("SIG".length)}@5m`,
      details,
    })
  }
}

/** @throws {WindfallError} invalid_input for a warning that would come as the job begins */
export function checkWarning({ beforeMs }: WarningSignal, timeLimitMs: number | null): void {
  if (timeLimitMs === null || beforeMs < timeLimitMs) return
  throw new WindfallError(
    "invalid_input",
    "Cannot warn a job so long before its time limit: that would be when it begins",
    { hint: "Give it a longer --time, or warn it later: --signal USR1@1m", details: { field: "signal" } },
  )
}
