import { writeSync } from "node:fs"

const STDERR = 2

/** A line on standard error. That may be a log on the very disk that is full, or nobody may read it any more: then the line is lost, and not the server. */
export function sayTrouble(line: string): void {
  try {
    writeSync(STDERR, `${line}\n`)
  } catch {
    // There is nobody else to be told.
  }
}
