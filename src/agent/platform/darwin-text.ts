import type { Reading } from "../../facts/fact.ts"
import { availableIn, parseVmStat, usedIn } from "../../facts/vm-stat.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { ProcessRow } from "./platform.ts"

/** launchd runs these for any account as they are asked for; and the ends of ssh sessions. */
const OF_SYSTEM = /^(\/System\/|\/usr\/libexec\/|\/usr\/sbin\/|\/sbin\/|\/Library\/Apple\/|sshd(-session)?: )/
/** Apple's own too, but only where somebody sits before the screen. */
const SHOWS_A_PERSON: ReadonlySet<string> = new Set(["Finder", "Dock", "loginwindow"])

/**
 * `ps -axwwo pid=,ppid=,pgid=,uid=,stat=,lstart=,command=` under LC_ALL=C TZ=UTC, where lstart is
 * `Mon Nov 23 12:00:00 2026`. Rows of other accounts are left out, unless `uid` is `null`; so are zombies.
 */
export function parseProcesses(text: string, uid: number | null): ProcessRow[] {
  const rows: ProcessRow[] = []
  const form =
    /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(?:([A-Z?]\S*)\s+)?\w{3} (\w{3} [ \d]?\d \d\d:\d\d:\d\d \d{4})\s*(.*)$/
  for (const line of text.split("\n")) {
    const match = form.exec(line)
    if (match === null || (uid !== null && Number(match[4]) !== uid)) continue
    const [, pid, ppid, pgid, , state = "", start, command = ""] = match
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
      isStopped: state.startsWith("T"),
    })
  }
  return rows
}

/**
 * What new work could have.
 *
 * @param memoryBytes all that the Mac has; `null` when it is not known
 * @throws when the output does not say, or cannot be true
 */
export function parseFreeMemory(text: string, memoryBytes: number | null): number {
  return told(availableIn(parseVmStat(text, memoryBytes)), "free memory")
}

/** What is in use but for caches of files, with what was compressed by its size before. @throws as {@link parseFreeMemory} */
export function parseUsedMemory(text: string, memoryBytes: number | null): number {
  return told(usedIn(parseVmStat(text, memoryBytes), "before"), "memory in use")
}

/** `{ sec = 1763900000, usec = 120034 } Sun Nov 23 12:13:20 2025`, in milliseconds since 1970; 0 seconds is a Mac that never slept. */
export function parseWakeTime(text: string): number | null {
  const [, seconds = "0", micros = "0"] = /^\{ sec = (\d{1,11}), usec = (\d{1,6}) \}/.exec(text.trim()) ?? []
  return Number(seconds) === 0 ? null : Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
}

function told(bytes: Reading<number>, what: string): number {
  if (!bytes.known) throw new WindfallError("internal", `Cannot read ${what} from vm_stat: ${bytes.detail}`)
  return bytes.value
}
