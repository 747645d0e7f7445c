/** One line of what a command printed. */
export interface Line {
  readonly text: string
  /** False for a last line without its line feed: it may have been cut anywhere. */
  readonly isTerminated: boolean
  /** False when it holds what no command prints: control characters, bytes that are not UTF-8. */
  readonly isSound: boolean
}

/** Splits text into lines. CR LF, as a terminal makes of LF, counts as LF. */
export function linesOf(text: string): Line[] {
  const parts = text.replace(/\r\n/g, "\n").split("\n")
  const lines = parts.map((part, at) => ({
    text: part,
    isTerminated: at < parts.length - 1,
    isSound: !/[\u0000-\u0008\u000b-\u001f\u007f\ufffd]/.test(part),
  }))
  if (lines.at(-1)?.text === "") lines.pop()
  return lines
}

export interface FittedLine<Value> {
  readonly line: Line
  readonly value: Value
  /**
   * True when nothing speaks against the line being what was printed: it has its line feed, and the lines before and after it
   * are of this output too, not parts of this one.
   */
  readonly isWhole: boolean
  /** Which line it is, from 0. */
  readonly at: number
}

/**
 * The lines that follow a grammar, each with what it means. `fit` gives `null` for a line that does not; `onMisfit` hears of
 * those. A line that may follow any other but means nothing is fitted with `undefined` and left out of the answer.
 */
export function fitLines<Value>(
  lines: readonly Line[],
  fit: (text: string) => Value | null | undefined,
  onMisfit: (text: string) => void = () => {},
): FittedLine<Value>[] {
  const values = lines.map((line) => (line.isSound ? (line.text.trim() === "" ? undefined : fit(line.text)) : null))
  // Past blank lines, as a cut may have brought those too.
  const fits = (at: number, step: 1 | -1) => {
    let next = at + step
    while (lines[next]?.text.trim() === "") next += step
    return values[next] !== null
  }
  const fitted: FittedLine<Value>[] = []
  for (const [at, line] of lines.entries()) {
    const value = values[at]
    if (value === null) onMisfit(line.text)
    else if (value !== undefined) {
      fitted.push({ line, value, isWhole: line.isTerminated && fits(at, -1) && fits(at, 1), at })
    }
  }
  return fitted
}
