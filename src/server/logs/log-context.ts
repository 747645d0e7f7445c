import type { Clock } from "../../base/clock.ts"
import type { OpenFiles } from "./open-files.ts"
import type { LogLimits } from "./order-index.ts"

/** What the logs of a server share. */
export interface LogContext {
  readonly files: OpenFiles
  readonly limits: LogLimits
  readonly clock: Clock
  /** Told how many bytes came into memory (positive) or went to disk (negative). */
  onPending(bytes: number): void
  /** The disk refused; the log tries again after a while, and so on until it succeeds. */
  onTrouble(error: unknown): void
}
