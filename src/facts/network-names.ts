import type { FactSheet } from "./fact-sheet.ts"
import { isFreeName } from "./free-name.ts"
import { fitLines, type Line } from "./lines.ts"

const BROWSED =
  /^ ?\d{1,2}:\d\d:\d\d\.\d{3} {2}(Add|Rmv) +\d+ +(\d+) ([\w.-]+\.) +(_ssh\._tcp\.|_sftp-ssh\._tcp\.) +(\S.*)$/

/**
 * `dns-sd -B _ssh._tcp` (dns-sd(1)): it goes on for ever, with one row for each interface a name was heard on. A name that was
 * removed last is left out.
 */
export function readDnsSd(sheet: FactSheet, lines: readonly Line[]): void {
  const names = new Map<string, boolean>()
  const fit = (text: string) =>
    /^(Browsing for|DATE:|\s*Timestamp|\s*\d+:\d\d:\d\d\.\d+ {2}\.\.\.STARTING)/.test(text)
      ? undefined
      : BROWSED.exec(text)
  for (const { value: match, isWhole } of fitLines(lines, fit, (text) => sheet.misfit(text))) {
    const name = (match[5] ?? "").trimEnd()
    if (isWhole) names.set(name, match[1] === "Add")
    else sheet.unknown("sshService", "truncated", "the line may have been cut", "Instance Name", name)
  }
  for (const [name, isThere] of names) {
    if (isThere && isFreeName(name)) sheet.known("sshService", true, "Instance Name", name)
    else if (isThere) sheet.unknown("sshService", "garbage", "it is no name of a service", "Instance Name", name)
  }
}

/** `ibv_devices` (macOS 26.2 and later): RDMA over Thunderbolt, a device for each port. GUIDs are left alone. */
export function readIbvDevices(sheet: FactSheet, lines: readonly Line[]): void {
  for (const { text, isSound } of lines) {
    const match = /^\s+(rdma_en\d{1,2})\s+([0-9a-f]{16})$/.exec(text)
    if (match !== null && isSound) sheet.known("rdmaDevice", true, "device", match[1])
    else if (!/^\s+(device\s+node GUID|-+\s+-+)$/.test(text)) sheet.misfit(text)
  }
}

/** `lsof -i` (lsof(8)): who listens where. */
export function readLsof(sheet: FactSheet, lines: readonly Line[]): void {
  const row =
    /^(\S{1,15}) +([1-9]\d{0,5}) +\S+ +\d+[urw]* +IPv[46] +0x[0-9a-f]+ +0t0 +TCP ((?:\*|localhost|[\w.-]+|\[[0-9a-f:]+\]):(?:\d{1,5}|[\w-]+)) \(LISTEN\)$/
  for (const { text, isSound } of lines) {
    const match = row.exec(text)
    if (match !== null && isSound) sheet.known("listener", Number(match[2]), "PID", match[3])
  }
}
