import { formatBytes } from "../../base/bytes.ts"
import type { BroughtHome } from "../../workspace/bring-home.ts"
import { printable } from "./table.ts"

const SHOWN = 10

/** "3 files came home (4.1 MB)". */
export function homecomingText(came: BroughtHome): string {
  const { length } = came.written
  if (length === 0) {
    if (came.refused.length + came.lost.length === 0) return "its files are here already"
    // Those that came before the connection broke are counted as kept by the try that went on.
    return came.kept.length > 0 ? "the rest of its files is here" : "no file came home"
  }
  return `${length} file${length === 1 ? "" : "s"} came home (${formatBytes(came.bytes)})`
}

/** A line for each file that is not where it was expected. */
export function homecomingNotes(came: BroughtHome): string[] {
  return [
    ...shortened(came.setAside, ({ path, as, here }) => {
      const why = here === undefined ? "changed here meanwhile" : `is a ${here} here and something else in the job`
      return `${printable(path)} ${why}; the job's is beside it: ${printable(as)}`
    }),
    ...shortened(came.lost, lostText),
    ...shortened(came.refused, ({ path, reason }) => `${printable(path)} was not written: ${printable(reason)}`),
  ]
}

/** A line for a file or folder that can not be had any more. */
export function lostText(path: string): string {
  return `${printable(path)} is lost: on the server it is damaged or gone`
}

function shortened<T>(all: readonly T[], line: (one: T) => string): string[] {
  const lines = all.slice(0, SHOWN).map(line)
  return all.length > SHOWN ? [...lines, `and ${all.length - SHOWN} more like that`] : lines
}
