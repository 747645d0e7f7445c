import { formatBytes } from "../../base/bytes.ts"
import type { BroughtHome } from "../../workspace/bring-home.ts"
import { countText, printable } from "./table.ts"

const SHOWN = 10

/** "3 files came home (4.1 MB)", "1 file came home (2 KB), 2 were here already". */
export function homecomingText(came: BroughtHome): string {
  const { length } = came.written
  if (length === 0) {
    if (came.refused.length + came.lost.length === 0) return "its files are here already"
    // Those that came before the connection broke are counted as kept by the try that went on.
    return came.kept.length > 0 ? "the rest of its files is here" : "no file came home"
  }
  // Such as those that an earlier try brought before it broke off.
  const kept =
    came.kept.length === 0 ? "" : `, ${came.kept.length} ${came.kept.length === 1 ? "was" : "were"} here already`
  return `${countText(length)} came home (${formatBytes(came.bytes)})${kept}`
}

/** A line for each file that is not where it was expected, and how to get what waits. */
export function homecomingNotes(came: BroughtHome, job: number): string[] {
  const waiting = came.refused.filter(({ waits }) => waits).map(({ path }) => printable(path))
  return [
    ...shortened(came.setAside, ({ path, as, here }) => {
      const why = here === undefined ? "changed here meanwhile" : `is a ${here} here and something else in the job`
      return `${printable(path)} ${why}; the job's is beside it: ${printable(as)}`
    }),
    ...shortened(came.lost, lostText),
    ...shortened(came.refused, ({ path, reason }) => `${printable(path)} was not written: ${printable(reason)}`),
    ...(waiting.length === 0
      ? []
      : [
          `what is in ${waiting.slice(0, SHOWN).join(", ")} still waits: windfall get ${job} -o DIR, with another folder`,
        ]),
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
