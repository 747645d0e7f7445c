import { known, type Reading, unknown } from "./fact.ts"
import type { FactSheet } from "./fact-sheet.ts"
import { fitLines, type Line } from "./lines.ts"
import { isMountPoint } from "./mount-point.ts"
import { readAmount, readWhole } from "./numbers.ts"

const HEAD =
  /^Filesystem +(512-blocks|1024-blocks|1K-blocks|1M-blocks|1048576-blocks|Size) +Used +Avail(?:able)? +Capacity/
const ROW = /^(\S.*?) +(\S+) +(\S+) +(\S+) +(\d{1,3})%(?: +\S+ +\S+ +(?:\d{1,3}%|-))? +(\/.*)$/
const BLOCK_BYTES: Readonly<Record<string, number>> = {
  "512-blocks": 512,
  "1024-blocks": 1024,
  "1K-blocks": 1024,
  "1M-blocks": 1024 ** 2,
  "1048576-blocks": 1024 ** 2,
}

export function isDiskHead(text: string): boolean {
  return HEAD.test(text)
}

/**
 * `df`, `df -k`, `df -h` (df(1)), in the unit the head names. `/` is the sealed system volume: what is full or free is told by
 * /System/Volumes/Data. Capacity is used of used and available, rounded up, which tells damaged numbers.
 */
export function readDf(sheet: FactSheet, lines: readonly Line[]): void {
  const unit = HEAD.exec(lines.find(({ text }) => HEAD.test(text))?.text ?? "")?.[1]
  if (unit === undefined) {
    sheet.unknown("diskAvailableBytes", "garbage", "the head with the unit is damaged or missing", "Filesystem")
    return
  }
  const fit = (text: string) => (HEAD.test(text) ? undefined : ROW.exec(text))
  for (const { value: match, isWhole } of fitLines(lines, fit, (text) => sheet.misfit(text))) {
    const [row, , size = "", used = "", available = "", capacity = "", mount = ""] = match
    if (!isMountPoint(mount)) {
      sheet.misfit(row)
      sheet.unknown("diskAvailableBytes", "garbage", "it is no place that is known for volumes", "Mounted on", mount)
    }
    if (!isWhole || !isMountPoint(mount)) continue
    const [all, held, free] = [size, used, available].map((cell) => readCell(cell, unit))
    if (all === undefined || held === undefined || free === undefined) continue
    const isTrue =
      all.known && held.known && free.known && isShare(all.value, held.value, free.value, Number(capacity), unit)
    const fits = all.known && held.known && free.known && held.value + free.value <= all.value * 1.01 + 1024
    for (const [name, cell, column] of [
      ["diskSizeBytes", all, "Size"],
      ["diskUsedBytes", held, "Used"],
      ["diskAvailableBytes", free, unit === "Size" ? "Avail, rounded" : "Available"],
    ] as const) {
      if (cell.known && !(isTrue && fits))
        sheet.unknown(name, "contradictory", "size, used, available and capacity do not go together", column, mount)
      else sheet.take(name, cell, column, mount)
    }
  }
}

function readCell(text: string, unit: string): Reading<number> {
  const blockBytes = BLOCK_BYTES[unit]
  if (blockBytes === undefined) return readAmount(text)
  const blocks = readWhole(text, 0, 2 ** 44)
  return blocks.known ? known(blocks.value * blockBytes) : unknown(blocks.reason, blocks.detail)
}

function isShare(size: number, used: number, free: number, capacity: number, unit: string): boolean {
  if (used + free === 0) return capacity === 100 && size === 0
  const percent = (100 * used) / (used + free)
  return Math.abs(Math.ceil(percent) - capacity) <= (unit === "Size" ? 2 : 1)
}

const MOUNT = /^(\S.*) on (\/.*) \(([A-Za-z0-9]+(?:, (?:mounted by [^,()]+|[a-z0-9 -]+))*)\)$/u

/** Kinds of file systems and their options (mount(8)); one that is not here may be a damaged one. */
const OPTIONS: ReadonlySet<string> = new Set(
  `apfs hfs devfs autofs smbfs nfs afpfs webdav msdos exfat ntfs udf cd9660 lifs vmhgfs virtiofs AppleVirtIOFS macfuse osxfuse
  local nobrowse journaled read-only nosuid nodev noexec noatime noowners nodev,nosuid automounted synchronous asynchronous
  union root_data sealed protect quarantine async`
    .split(/\s+/)
    .concat("root data", "with quotas"),
)

export function isMountLine(text: string): boolean {
  return MOUNT.test(text)
}

/** `mount` (mount(8)): each line ends in its bracket, so a cut one is none. Who mounted it is left out. */
export function readMount(sheet: FactSheet, lines: readonly Line[]): void {
  for (const { text, isSound } of lines) {
    const match = isSound ? MOUNT.exec(text) : null
    if (match === null) {
      sheet.misfit(text)
      continue
    }
    const [, , mount = "", options = ""] = match
    if (!isMountPoint(mount)) {
      sheet.unknown("volumeOptions", "garbage", "it is no place that is known for volumes", "mount", mount)
      continue
    }
    const words = options.split(", ").filter((option) => !option.startsWith("mounted by "))
    const odd = words.find((option) => !OPTIONS.has(option))
    if (odd === undefined) sheet.known("volumeOptions", words.join(", "), "mount", mount)
    else sheet.unknown("volumeOptions", "garbage", `"${odd}" is no option that is known`, "mount", mount)
  }
}
