import type { UnknownReason } from "./fact.ts"
import type { FactSheet } from "./fact-sheet.ts"
import { mergeSheets } from "./merge.ts"
import { readOutput } from "./read-output.ts"

/** What came of one command on a Mac. */
export interface MacOutput {
  /** As a name of a recording begins: "pmset-g-batt". */
  readonly hint: string
  readonly text: string
  /** Why there is no whole output; `null` when there is. */
  readonly problem: { readonly reason: UnknownReason; readonly detail: string } | null
}

/** The facts of one Mac from what several of its commands printed. */
export function sheetOf(outputs: readonly MacOutput[]): FactSheet {
  return mergeSheets(
    outputs.map(({ hint, text, problem }) => ({
      source: hint,
      sheet: readOutput(text, {
        hint,
        isTimedOut: problem?.reason === "timed_out",
        isMissing: problem?.reason === "missing_command",
      }).sheet,
    })),
  )
}

/**
 * The line of `ioreg -r -d 1 -w 0 -c IOAccelerator` that has nine tenths of its bytes and no fact is left out, so that it need not
 * be parsed. Only whole lines go: one that was cut tells that the output was.
 */
export function withoutLegend(text: string): string {
  return text.replaceAll(/^[ |]*"IOReportLegend" = .*\n/gm, "")
}
