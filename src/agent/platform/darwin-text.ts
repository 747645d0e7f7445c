import type { ProcessRow } from "./platform.ts"

/** `sysctl -i KEY...`: lines `key: value`; an unknown key has no line, so positions mean nothing. */
export function parseKeys(text: string): Map<string, string> {
  const keys = new Map<string, string>()
  for (const line of text.split("\n")) {
    const colon = line.indexOf(": ")
    if (colon > 0) keys.set(line.slice(0, colon), line.slice(colon + 2).trim())
  }
  return keys
}

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
    rows.push({
      pid: Number(pid),
      ppid: Number(ppid),
      pgid: Number(pgid),
      session: 0,
      start: String(Date.parse(`${start} UTC`) / 1000),
      residentBytes: 0,
      name: (command.split(" ", 1)[0] ?? "").replace(/^.*\//, ""),
    })
  }
  return rows
}

/** What new work could have: free, speculative and purgeable pages, and half of the inactive ones. Labels, not places: macOS 27 added lines. */
export function parseVmStat(text: string): number {
  const pageBytes = Number(/page size of (\d+) bytes/.exec(text)?.[1] ?? 16384)
  const pages = (label: string) => Number(new RegExp(`^"?${label}"?:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0)
  const free = pages("Pages free") + pages("Pages speculative") + pages("Pages purgeable")
  return (free + pages("Pages inactive") / 2) * pageBytes
}

const UNIT_BYTES: Readonly<Record<string, number>> = { B: 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 }

/** `top -l 1 -stats pid,mem`: after its head, lines `PID MEM` with a unit and perhaps a sign of growth: `512 38M+`. */
export function parseFootprints(text: string): Map<number, number> {
  const footprints = new Map<number, number>()
  for (const line of text.split("\n")) {
    const match = /^\s*(\d+)\*?\s+(\d+(?:\.\d+)?)([BKMGT])[+-]?\s*$/.exec(line)
    if (match !== null) footprints.set(Number(match[1]), Number(match[2]) * (UNIT_BYTES[match[3] ?? ""] ?? 1))
  }
  return footprints
}
