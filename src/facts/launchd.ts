import type { FactSheet } from "./fact-sheet.ts"
import { fitLines, type Line } from "./lines.ts"
import { readWhole } from "./numbers.ts"

/** `launchctl list` (launchctl(1)): PID or `-`, last exit status (negative: a signal), label; parted by tabs. */
export function readLaunchctlList(sheet: FactSheet, lines: readonly Line[]): void {
  const fit = (text: string) => {
    if (/^PID\tStatus\tLabel$/.test(text)) return undefined
    return /^(-|[1-9]\d{0,5})\t(-?\d{1,3})\t([A-Za-z0-9]+(?:[.@-][A-Za-z0-9_]+)*)$/.exec(text)
  }
  for (const { value: match, isWhole } of fitLines(lines, fit, (text) => sheet.misfit(text))) {
    const status = match[1] === "-" ? `ended with ${match[2]}` : `pid ${match[1]}`
    if (isWhole) sheet.known("serviceStatus", status, "PID, Status", match[3])
  }
}

/** `launchctl print SERVICE`; Apple calls its form no interface, so only the pid is read. */
export function readLaunchctlPrint(sheet: FactSheet, lines: readonly Line[]): void {
  const fit = (text: string) => {
    const match = /^\t*([\w -]+) = (.*)$/.exec(text)
    return match === null
      ? /^(\t+\S|[\w./-]+ = \{$|\}$)/.test(text)
        ? undefined
        : null
      : [match[1] ?? "", match[2] ?? ""]
  }
  const texts = new Map<string, string>()
  for (const { value, isWhole } of fitLines(lines, fit, (text) => sheet.misfit(text))) {
    if (isWhole) texts.set(value[0] ?? "", value[1] ?? "")
  }
  const pid = texts.get("pid")
  if (pid !== undefined) {
    const read = readWhole(pid, 1, 999_999)
    if (read.known) sheet.known("serviceStatus", `pid ${pid}`, "pid", "the service")
    else sheet.unknown("serviceStatus", read.reason, read.detail, "pid", "the service")
  } else sheet.unknown("serviceStatus", "no_such_key", "it has no pid", "pid", "the service")
}

/** `launchctl limit maxfiles`: soft and hard limit. 256 is too few for most jobs. */
export function readLaunchctlLimit(sheet: FactSheet, lines: readonly Line[]): void {
  for (const { text, isSound, isTerminated } of lines) {
    const match = isSound ? /^\tmaxfiles +(\d+|unlimited) +(\d+|unlimited)( *)$/.exec(text) : null
    if (match === null) sheet.misfit(text)
    else if (!isTerminated && match[3] === "")
      sheet.unknown("fileLimit", "truncated", "the line may have been cut", "maxfiles")
    else if (match[1] === "unlimited") sheet.known("fileLimit", "unlimited", "maxfiles")
    else sheet.take("fileLimit", readWhole(match[1] ?? "", 1, 2 ** 31), "maxfiles")
  }
  sheet.expect(["fileLimit"], "maxfiles")
}

/** `rsync --version`: Apple's own since macOS 15.4, samba's 2.6.9 before, or a newer one somebody installed. */
export function readRsyncVersion(sheet: FactSheet, lines: readonly Line[]): void {
  for (const { text, isSound, isTerminated } of lines) {
    if (!isSound || !isTerminated) continue
    const samba = /^rsync {2}version v?(\d+\.\d+\.\d+) {2}protocol version (\d+)$/.exec(text)
    if (/^openrsync: protocol version \d+$/.test(text)) sheet.known("rsyncKind", "openrsync", "openrsync")
    else if (samba !== null) {
      sheet.known("rsyncKind", "samba", "rsync version")
      sheet.known("rsyncVersion", samba[1] ?? "", "rsync version")
    } else {
      const compatible = /^rsync version (\d+\.\d+\.\d+) compatible$/.exec(text)?.[1]
      if (compatible !== undefined) sheet.known("rsyncVersion", compatible, "rsync version")
    }
  }
  sheet.expect(["rsyncKind", "rsyncVersion"], "rsync --version")
}
