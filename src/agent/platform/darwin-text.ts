import type { ProcessRow, Usage } from "./platform.ts"

/** `sysctl -i KEY...`: lines `key: value`; an unknown key has no line, so positions mean nothing. */
export function parseKeys(text: string): Map<string, string> {
  const keys = new Map<string, string>()
  for (const line of text.split("\n")) {
    const colon = line.indexOf(": ")
    if (colon > 0) keys.set(line.slice(0, colon), line.slice(colon + 2).trim())
  }
  return keys
}

/** launchd runs these for any account as they are asked for; and the ends of ssh sessions. */
const OF_SYSTEM = /^(\/System\/|\/usr\/libexec\/|\/usr\/sbin\/|\/sbin\/|\/Library\/Apple\/|sshd(-session)?: )/
/** Apple's own too, but only where somebody sits before the screen. */
const SHOWS_A_PERSON: ReadonlySet<string> = new Set(["Finder", "Dock", "loginwindow"])

/**
 * `ps -axwwo pid=,ppid=,pgid=,uid=,lstart=,command=` under LC_ALL=C TZ=UTC, where lstart is
 * `Mon Nov 23 12:00:00 2026`. Rows of other accounts are left out, unless `uid` is `null`; so are zombies.
 */
export function parseProcesses(text: string, uid: number | null): ProcessRow[] {
  const rows: ProcessRow[] = []
  const form = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+\w{3} (\w{3} [ \d]?\d \d\d:\d\d:\d\d \d{4})\s*(.*)$/
  for (const line of text.split("\n")) {
    const match = form.exec(line)
    if (match === null || (uid !== null && Number(match[4]) !== uid)) continue
    const [, pid, ppid, pgid, , start, command = ""] = match
    if (command === "<defunct>" || /^\(.*\)$/.test(command)) continue
    const name = (command.split(" ", 1)[0] ?? "").replace(/^.*\//, "")
    rows.push({
      pid: Number(pid),
      ppid: Number(ppid),
      pgid: Number(pgid),
      session: 0,
      start: String(Date.parse(`${start} UTC`) / 1000),
      residentBytes: 0,
      cpuMs: 0,
      name,
      ofSystem: OF_SYSTEM.test(command) && !SHOWS_A_PERSON.has(name),
    })
  }
  return rows
}

/** What new work could have: free, speculative and purgeable pages, and half of the inactive ones. */
export function parseVmStat(text: string): number {
  const bytes = bytesIn(text)
  const free = bytes("Pages free") + bytes("Pages speculative") + bytes("Pages purgeable")
  return free + bytes("Pages inactive") / 2
}

/**
 * What is in use but for caches of files, as Activity Monitor counts it; what was compressed by its size before, as
 * footprints have it.
 */
export function parseUsedMemory(text: string): number {
  const bytes = bytesIn(text)
  const anonymous = bytes("Anonymous pages") - bytes("Pages purgeable")
  return anonymous + bytes("Pages wired down") + bytes("Pages stored in compressor")
}

/** `vm_stat` by label, in bytes. Not by place: macOS 27 added lines. */
function bytesIn(text: string): (label: string) => number {
  const pageBytes = Number(/page size of (\d+) bytes/.exec(text)?.[1] ?? 16384)
  return (label) => Number(new RegExp(`^"?${label}"?:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0) * pageBytes
}

const UNIT_BYTES: Readonly<Record<string, number>> = { B: 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 }

/**
 * `top -l 1 -stats pid,mem,time`: after its head, lines `PID MEM TIME`, memory with a unit and perhaps a sign of growth, time as
 * `MM:SS.cc`, from some hours on as `HH:MM:SS`, later `N hrs`: `512 38M+ 00:01.42`.
 */
export function parseTop(text: string): Map<number, Usage> {
  const usage = new Map<number, Usage>()
  for (const line of text.split("\n")) {
    const match = /^\s*(\d+)\*?\s+(\d+(?:\.\d+)?)([BKMGT])[+-]?(?:\s+(\S+(?: hrs)?))?\s*$/.exec(line)
    if (match === null) continue
    const [, pid, amount, unit = "", time = ""] = match
    usage.set(Number(pid), { memoryBytes: Number(amount) * (UNIT_BYTES[unit] ?? 1), cpuMs: parseTime(time) })
  }
  return usage
}

function parseTime(text: string): number | null {
  const whole = /^(\d+) hrs$/.exec(text)
  if (whole !== null) return Number(whole[1]) * 3_600_000
  const parts = /^(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)[+-]?$/.exec(text)
  if (parts === null) return null
  const [, hours = "0", minutes, seconds] = parts
  return Math.round(((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000)
}
