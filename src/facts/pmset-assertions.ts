import type { FactSheet } from "./fact-sheet.ts"
import { fitLines, type Line, linesOf } from "./lines.ts"

/** Something that keeps a Mac or its display awake. */
export interface Assertion {
  readonly pid: number
  readonly program: string
  /** PreventUserIdleDisplaySleep, PreventUserIdleSystemSleep, UserIsActive, ... */
  readonly kind: string
  readonly heldMs: number | null
  readonly title: string
  /** After how long it is released by itself; `null` where the output does not say. */
  readonly timeoutMs: number | null
}

const LEVEL = /^ {3}([A-Z][A-Za-z]+) +([01])$/
const ROW =
  /^ {3}pid ([1-9]\d{0,5})\((\S(?:\P{C}|\t){0,63}?)\): \[0x[0-9a-f]{16}\] (?:(\d{2,5}):([0-5]\d):([0-5]\d) )?([A-Z][A-Za-z]+) named: "(.*)" *$/u
/** Nothing tells an odd name from a damaged one; that somebody holds it is sure all the same. */
const SOUND_PROGRAM = /^[A-Za-z_][\w .+-]{0,63}$/
const OTHER = [
  /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} *$/,
  /^Assertion status system-wide:$/,
  /^Listed by owning process:$/,
  /^Kernel Assertions: /,
  /^ {3}id=\d+ +level=/,
  /^\s+(Timeout will fire in|Details:|Localized=|Resources:|Created for PID:)/,
  /^Idle sleep preventers: /,
  /^No kernel assertions\.$/,
]

const TIMEOUT = /^\s+Timeout will fire in (\d{1,7}) secs /

/** The rows of `pmset -g assertions` by process (pmset(1)); some have no time. A timeout stands in one of the lines below its row. */
export function parseAssertions(text: string): Assertion[] {
  const found: Assertion[] = []
  let last: Assertion | null = null
  for (const line of linesOf(text)) {
    const row = line.isSound ? rowOf(line.text) : null
    const seconds = row === null && line.isSound ? TIMEOUT.exec(line.text)?.[1] : undefined
    if (row !== null) {
      found.push(row)
      last = row
    } else if (seconds !== undefined && last !== null)
      found[found.length - 1] = { ...last, timeoutMs: Number(seconds) * 1000 }
    else if (!line.isSound || !/^\s/.test(line.text)) last = null
  }
  return found
}

function rowOf(text: string): Assertion | null {
  const match = ROW.exec(text)
  if (match === null) return null
  const [, pid, program = "", hours, minutes, seconds, kind = "", title = ""] = match
  const heldS = hours === undefined ? null : (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)
  return { pid: Number(pid), program, kind, heldMs: heldS === null ? null : heldS * 1000, title, timeoutMs: null }
}

export function readPmsetAssertions(sheet: FactSheet, lines: readonly Line[]): void {
  const fit = (text: string) => {
    if (OTHER.some((form) => form.test(text))) return undefined
    return LEVEL.exec(text) ?? rowOf(text)
  }
  for (const { value, isWhole } of fitLines(lines, fit, (text) => sheet.misfit(text))) {
    if ("pid" in value) {
      const of = `${value.pid} ${value.kind}`
      const key = "Listed by owning process"
      if (SOUND_PROGRAM.test(value.program)) sheet.known("assertionBy", value.program, key, of)
      else sheet.unknown("assertionBy", "garbage", "the program has an odd name, which may be a damaged one", key, of)
    } else {
      const [, kind = "", level] = value
      if (isWhole) sheet.known("assertionLevel", Number(level), kind, kind)
      else sheet.unknown("assertionLevel", "truncated", "the line may have been cut", kind, kind)
    }
  }
  if (sheet.facts().length === 0)
    sheet.unknown("assertionBy", "no_such_key", "the output lists none", "pmset -g assertions")
}
