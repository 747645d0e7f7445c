import type { FactSheet } from "./fact-sheet.ts"
import type { Line } from "./lines.ts"

export interface ListedProcess {
  readonly pid: number
  readonly ppid?: number
  /** Misses what Metal holds. */
  readonly residentBytes?: number
  readonly cpuMs?: number
  readonly command?: string
}

const PID = "([1-9]\\d{0,4}|0)"
const CPU_TIME = "((?:\\d+:)?\\d+:\\d\\d\\.\\d\\d)"
const ELAPSED = "(?:\\d\\d-)?(?:\\d\\d:)?\\d\\d:\\d\\d"
const TTY = "(?:\\?\\?|s\\d{3}|console|co)"
const STAT = "[A-Z][A-Z<>+sNLXE]{0,5}"
const STARTED =
  "(?: ?\\d{1,2}:\\d\\d[AP]M|[A-Z][a-z]{2}\\d\\d[AP]M|\\d{2}[A-Z][a-z]{2}\\d\\d|[ \\d]\\d[A-Z][a-z]{2}\\d\\d)"

/** Rows without heads are known by the kinds of their columns, which must be all there. */
const FORMS: readonly (readonly [form: RegExp, fields: readonly string[]])[] = [
  // ps -axo pid=,ppid=,pgid=,uid=,time=,rss=,etime=,comm=
  [
    new RegExp(`^ *${PID} +${PID} +${PID} +(\\d{1,10}) +${CPU_TIME} +(\\d+) +${ELAPSED} (.+)$`),
    ["pid", "ppid", "", "", "time", "rss", "command"],
  ],
  // ps -axwwo pid=,ppid=,pgid=,sess=,uid=,stat=,pcpu=,rss=,etime=,time=,command=
  [
    new RegExp(
      `^ *${PID} +${PID} +${PID} +\\w+ +\\d{1,10} +${STAT} +\\d+\\.\\d +(\\d+) +${ELAPSED} +${CPU_TIME} +(.+)$`,
    ),
    ["pid", "ppid", "", "rss", "time", "command"],
  ],
  // ps aux
  [
    new RegExp(
      `^[\\w.+-]+ +${PID} +\\d+\\.\\d +\\d+\\.\\d +\\d+ +(\\d+) +${TTY} +${STAT} +${STARTED} +${CPU_TIME} +(.+)$`,
    ),
    ["pid", "rss", "time", "command"],
  ],
  // ps -A -M, rows of processes; those of threads have no user
  [
    new RegExp(
      `^[\\w.+-]+ +${PID} +${TTY} +\\d+\\.\\d +${STAT} +\\d+[A-Z] +\\d+:\\d\\d\\.\\d\\d +\\d+:\\d\\d\\.\\d\\d +(.+)$`,
    ),
    ["pid", "command"],
  ],
  // ps -o pid,ppid,command
  [new RegExp(`^ *${PID} +${PID} ([^\\d\\s].*)$`), ["pid", "ppid", "command"]],
]

const HEAD = /^ *(USER +)?PID +(PPID|TT|%CPU)\b.*COMMAND *$/

export function isProcessHead(text: string): boolean {
  return HEAD.test(text)
}

export function parseProcessRow(text: string): ListedProcess | null {
  for (const [form, fields] of FORMS) {
    const match = form.exec(text)
    if (match === null) continue
    const cell = (field: string) => {
      const at = fields.indexOf(field)
      return at < 0 ? undefined : match[at + 1]
    }
    const [pid, ppid, rss, time, command] = ["pid", "ppid", "rss", "time", "command"].map(cell)
    if (rss !== undefined && /^0\d/.test(rss)) return null
    return {
      pid: Number(pid),
      ...(ppid === undefined ? {} : { ppid: Number(ppid) }),
      ...(rss === undefined ? {} : { residentBytes: Number(rss) * 1024 }),
      ...(time === undefined ? {} : { cpuMs: cpuMs(time) }),
      ...(command === undefined ? {} : { command: command.trimEnd() }),
    }
  }
  return null
}

/** Whether a row without a head is surely one: where it has only two numbers, its command must look like one. */
export function isProcessRow(text: string): boolean {
  const row = parseProcessRow(text)
  if (row === null) return false
  const hasMore = row.residentBytes !== undefined || row.ppid === undefined
  return hasMore || /^[-/([]/.test(row.command ?? "")
}

/** `MMM:SS.cc`, or with hours before. */
function cpuMs(text: string): number {
  const parts = text.split(":").map(Number)
  return Math.round(parts.reduce((sum, part) => sum * 60 + part, 0) * 1000)
}

/**
 * `ps` in the forms above (ps(1)). Commands are left out: their arguments may hold secrets, and nothing tells a damaged name.
 */
export function readProcesses(sheet: FactSheet, lines: readonly Line[]): void {
  const head = lines.find(({ text }) => HEAD.test(text))?.text
  // Numbers end where the head's word ends; one that does not has lost or got a digit.
  let end = head === undefined ? null : head.indexOf("PID") + 3
  for (const { text, isSound } of lines) {
    const row = isSound ? parseProcessRow(text) : null
    const rowEnd = row === null ? -1 : text.search(new RegExp(`\\b${row.pid} `)) + String(row.pid).length
    // Behind a user, whose name may be longer than its column, they stand where they can.
    const isFirst = row !== null && text.trimStart().startsWith(String(row.pid))
    if (isFirst) end ??= rowEnd
    if (row === null || (isFirst && rowEnd !== end)) {
      if (!HEAD.test(text) && !/^ +\d+ +\d+\.\d [A-Z]/.test(text)) sheet.misfit(text)
      continue
    }
    const of = String(row.pid)
    if (row.ppid !== undefined) sheet.known("processParent", row.ppid, "PPID", of)
    if (row.residentBytes !== undefined) sheet.known("processResidentBytes", row.residentBytes, "RSS", of)
    if (row.cpuMs !== undefined) sheet.known("processCpuMs", row.cpuMs, "TIME", of)
  }
}
