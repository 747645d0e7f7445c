import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs"
import { join } from "node:path"
import { wasShutDown } from "../../facts/last-shutdown.ts"
import { type PanicReport, panicText, parsePanicReport } from "../../facts/panic-report.ts"
import type { LastEnd } from "./platform.ts"

/** Readable by administrators; for other accounts what `last` says must do. */
const REPORTS = "/Library/Logs/DiagnosticReports"
/** What matters stands at the beginning; stacks of all threads follow. */
const MOST_BYTES = 128 * 1024
/** macOS writes the report while it starts, and an agent may be there before: it looks again for some seconds. */
const TRIES = 6
const WAIT_MS = 1_000

/**
 * How the system before this boot ended: by the report of a panic that was written since, else by whether it was shut down. A crash
 * without a report counts as one, too (a power cut, a held power button, a report that this account may not read); where nothing
 * tells, it does not.
 *
 * @param last runs `last reboot shutdown`
 */
export async function lastEnd(
  sinceMs: number,
  last: () => Promise<string>,
  { folder = REPORTS, waitMs = WAIT_MS }: { readonly folder?: string; readonly waitMs?: number } = {},
): Promise<LastEnd> {
  const orderly = wasShutDown(await last().catch(() => ""))
  // After an orderly shutdown there may be one all the same, of an earlier end since then.
  const tries = orderly === true ? 1 : TRIES
  for (let i = 0; i < tries; i++) {
    if (i > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
    const panic = newestPanic(folder, sinceMs)
    if (panic !== null) return { crashed: true, what: `kernel panic: ${panicText(panic)}` }
  }
  return orderly === false
    ? {
        crashed: true,
        what: "it was never shut down, and no report of a panic can be read here: perhaps it lost power",
      }
    : { crashed: false, what: null }
}

/** The report that was written last, if that was after `sinceMs`. */
function newestPanic(folder: string, sinceMs: number): PanicReport | null {
  const files = panicFiles(folder).filter(({ atMs }) => atMs > sinceMs)
  for (const { path } of files.sort((a, b) => b.atMs - a.atMs)) {
    const report = parsePanicReport(beginning(path))
    if (report !== null) return report
  }
  return null
}

function panicFiles(folder: string): { readonly path: string; readonly atMs: number }[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".panic"))
      .map((name) => ({ path: join(folder, name), atMs: statSync(join(folder, name)).mtimeMs }))
  } catch {
    return []
  }
}

function beginning(path: string): string {
  try {
    const file = openSync(path, "r")
    try {
      const bytes = Buffer.alloc(MOST_BYTES)
      return bytes.subarray(0, readSync(file, bytes)).toString("utf8")
    } finally {
      closeSync(file)
    }
  } catch {
    return ""
  }
}
