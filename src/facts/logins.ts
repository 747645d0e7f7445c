import type { FactSheet } from "./fact-sheet.ts"
import type { Line } from "./lines.ts"
import { readLoad } from "./sysctl-structures.ts"

const DAY = "(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat)"
const MONTH = "[A-Z][a-z]{2} [ 123]\\d"
const WHO = new RegExp(`^([\\w.-]+) +(console|ttys\\d{3}) +${MONTH} \\d\\d:\\d\\d *(?:\\(([\\w.:%-]+)\\))? *$`)
const LAST = new RegExp(
  `^([\\w.-]+) +(console|ttys\\d{3}|~)(?: +([\\w.:%-]+))? +${DAY} (${MONTH} \\d\\d:\\d\\d)(?: +(still logged in)| - .*)? *$`,
)
const W_ROW =
  /^([\w.-]+) +(console|s\d{3}) +(-|[\w.:%-]+) +(?:[A-Za-z]{3}\d\d|\d{1,2}:\d\d(?:[AP]M)?|\d{1,2}[A-Z][a-z]{2}\d\d) +\S+ (.+)$/
const UPTIME =
  /^ ?\d{1,2}:\d\d(?:[AP]M)? {1,2}up (?:(\d+) days?, +)?(?:(\d{1,2}):(\d\d)|(\d{1,2}) mins?|(\d{1,2}) hrs?|\d+ secs?)?,? *(\d+) users?, load averages: ([\d.]+),? ([\d.]+),? ([\d.]+)$/

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
  for (const [at, line] of lines.entries()) {
    const match = line.isSound && line.isTerminated ? W_ROW.exec(line.text) : null
    if (match !== null) login(sheet, match[1], (match[2] ?? "").replace(/^s/, "ttys"), match[3])
    else if (at === 0 && !/^USER/.test(line.text)) readUptimeLine(sheet, line)
    else if (!/^USER +TTY/.test(line.text)) sheet.misfit(line.text)
  }
}

/** `who` (who(1)). */
export function readWho(sheet: FactSheet, lines: readonly Line[]): void {
  for (const { text, isSound, isTerminated } of lines) {
    const match = isSound && isTerminated ? WHO.exec(text) : null
    if (match === null) sheet.misfit(text)
    else login(sheet, match[1], match[2], match[3])
  }
}

/** `last` (last(1)): sessions that still last; those that have ended are no facts of now. */
export function readLast(sheet: FactSheet, lines: readonly Line[]): void {
  for (const { text, isSound } of lines) {
    const match = isSound ? LAST.exec(text) : null
    if (match === null) {
      if (!/^(wtmp begins|utx\.log begins|_?\w+ begins)/.test(text) && text.trim() !== "") sheet.misfit(text)
    } else if (match[5] !== undefined) login(sheet, match[1], match[2], match[3])
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
