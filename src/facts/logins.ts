import type { FactSheet } from "./fact-sheet.ts"
import { fitLines, type Line } from "./lines.ts"
import { readLoad } from "./sysctl-structures.ts"

const DAY = "(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat)"
const MONTH = "[A-Z][a-z]{2} [ 123]\\d"
const WHO = new RegExp(
  `^([A-Za-z_][\\w.-]*) +(console|ttys\\d{3}) +${MONTH} \\d\\d:\\d\\d[ \\t]*(?:\\(([\\w.:%-]+)\\))? *$`,
)
const LAST = new RegExp(
  `^([A-Za-z_][\\w.-]*) +(console|ttys\\d{3}|~)(?: +([\\w.:%-]+))? +${DAY} (${MONTH} \\d\\d:\\d\\d)(?: +(still logged in)| - .*)? *$`,
)
const W_ROW =
  /^([A-Za-z_][\w.-]*) +(console|s\d{3}) +(-|[\w.:%-]{2,}) +(?:[A-Za-z]{3}\d\d|\d{1,2}:\d\d(?:[AP]M)?|\d{1,2}[A-Z][a-z]{2}\d\d) +\S+ (.+)$/
const LOAD = "(\\d+[.,]\\d\\d)"
/** Hours have two columns in some releases, and one in others; the clock is written as the region does. */
const UPTIME = new RegExp(
  `^ ?\\d{1,2}[:.]\\d\\d(?: ?[A-Za-z.]{1,6})? {1,2}up(?: (\\d+) days?,)?(?: ([ 1]?\\d|2[0-3]):([0-5]\\d)| (\\d{1,2}) mins?| (\\d{1,2}) hrs?| \\d+ secs?)?,? *(\\d+) users?, load averages: ${LOAD},? ${LOAD},? ${LOAD}$`,
)

export function isUptime(text: string): boolean {
  return UPTIME.test(text)
}

/** `uptime`, and the first line of `w`. `vm.loadavg` and `kern.boottime` tell the same in one form. */
export function readUptimeLine(sheet: FactSheet, { text, isSound, isTerminated }: Line): void {
  const match = isSound && isTerminated ? UPTIME.exec(text) : null
  if (match === null) {
    sheet.unknown("uptimeMinutes", "garbage", "the line is damaged or cut", "up")
    sheet.unknown("loadAverage", "garbage", "the line is damaged or cut", "load averages")
    return
  }
  const [, days = "0", hours = "0", minutes = "0", onlyMinutes = "0", onlyHours = "0", , ...loads] = match
  const all = (Number(days) * 24 + Number(hours) + Number(onlyHours)) * 60 + Number(minutes) + Number(onlyMinutes)
  sheet.known("uptimeMinutes", all, "up")
  sheet.take("loadAverage", readLoad(`{ ${loads.join(" ")} }`), "load averages")
}

export function readUptime(sheet: FactSheet, lines: readonly Line[]): void {
  const [line] = lines
  if (line !== undefined) readUptimeLine(sheet, line)
}

/** `w` (w(1)): who is logged in where, and from where. Sessions of Windfall's own ssh are among them. */
export function readW(sheet: FactSheet, lines: readonly Line[]): void {
  const [first] = lines
  if (first !== undefined && !/^USER/.test(first.text)) readUptimeLine(sheet, first)
  const column = lines.find(({ text }) => /^USER +TTY /.test(text))?.text.indexOf("TTY")
  const fit = (text: string) => (/^USER +TTY|^.{0,12} up .*load averages: /.test(text) ? undefined : W_ROW.exec(text))
  for (const { value: match, isWhole } of fitLines(lines, fit, (text) => sheet.misfit(text))) {
    // A name that lost or got a character moves what stands behind it.
    const isInPlace = match[0].indexOf(` ${match[2]} `) + 1 === column
    if (isWhole && isInPlace) login(sheet, match[1], (match[2] ?? "").replace(/^s/, "ttys"), match[3])
  }
}

/** `who` (who(1)). */
export function readWho(sheet: FactSheet, lines: readonly Line[]): void {
  const fit = (text: string) => WHO.exec(text)
  const fitted = fitLines(lines, fit, (text) => sheet.misfit(text))
  const column = columnOf(fitted.map(({ value }) => value))
  for (const { value: match, isWhole } of fitted) {
    const isInPlace = isPlaced(match, column)
    if (!isInPlace) sheet.misfit(match[0])
    if (isWhole && isInPlace) login(sheet, match[1], match[2], match[3])
  }
}

/** A name that lost or got a character moves what stands behind it; one that is longer than its column does, too. */
function isPlaced(match: RegExpExecArray, column: number): boolean {
  const [line, { length } = "", terminal] = match
  return line.indexOf(` ${terminal} `) + 1 === (length < column ? column : length + 1)
}

/** Where terminals stand, as most lines have it; of two that as many have the farther one, as what lost its beginning is shorter. */
function columnOf(matches: readonly RegExpExecArray[]): number {
  const places = matches.map(([line, , terminal]) => line.indexOf(` ${terminal} `) + 1)
  const rated = [...new Set(places)].map(
    (place) => [place, matches.filter((match) => isPlaced(match, place)).length] as const,
  )
  return rated.sort(([a, few], [b, many]) => many - few || b - a)[0]?.[0] ?? 0
}

/** `last` (last(1)): sessions that still last; those that have ended are no facts of now. */
export function readLast(sheet: FactSheet, lines: readonly Line[]): void {
  const fit = (text: string) => (/^(wtmp|utx\.log|_\w+) begins/.test(text) ? undefined : LAST.exec(text))
  for (const { value: match, isWhole } of fitLines(lines, fit, (text) => sheet.misfit(text))) {
    if (isWhole && match[5] !== undefined) login(sheet, match[1], match[2], match[3])
  }
}

export function isWhoLine(text: string): boolean {
  return WHO.test(text)
}

export function isLastLine(text: string): boolean {
  return LAST.test(text)
}

function login(
  sheet: FactSheet,
  user: string | undefined,
  terminal: string | undefined,
  from: string | undefined,
): void {
  sheet.known("loginOf", user ?? "", "user", terminal)
  if (from !== undefined && from !== "-") sheet.known("loginFrom", from, "from", terminal)
}
