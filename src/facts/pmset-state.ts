import type { FactName } from "./fact-names.ts"
import type { FactSheet } from "./fact-sheet.ts"
import { fitLines, type Line } from "./lines.ts"
import { readWhole } from "./numbers.ts"

const CAPABILITIES = /^Current System Capabilities are: ((?:(?:CPU|Graphics|Video|Audio|Network|Disk|AOT) )*)$/

/**
 * `pmset -g systemstate` (pmset.m): `Current System Capabilities are: CPU Audio Network `, with a blank after each. Without
 * Graphics or Video the display is off, or the Mac woke in the dark.
 */
export function readPmsetSystemState(sheet: FactSheet, lines: readonly Line[]): void {
  const key = "Current System Capabilities are"
  const fit = (text: string) => (/^Current Power State: \d$/.test(text) ? undefined : CAPABILITIES.exec(text))
  for (const { value: match, isWhole } of fitLines(lines, fit, (text) => sheet.misfit(text))) {
    if (!isWhole) {
      for (const name of ["systemCapabilities", "isDisplayPowered"] as const)
        sheet.unknown(name, "truncated", "the line may have been cut", key)
      continue
    }
    const words = (match[1] ?? "")
      .trim()
      .split(" ")
      .filter((word) => word !== "")
    sheet.known("systemCapabilities", words, key)
    sheet.known("isDisplayPowered", words.includes("Graphics") || words.includes("Video"), key)
  }
  sheet.expect(["systemCapabilities", "isDisplayPowered"], key)
}

const NOTES: Readonly<Record<string, FactName>> = {
  "No thermal warning level has been recorded": "thermalLevel",
  "No performance warning level has been recorded": "performanceLevel",
  "No CPU power status has been recorded": "cpuSpeedLimitPercent",
}
const LEVELS: Readonly<Record<string, readonly [name: FactName, most: number]>> = {
  "Thermal Warning Level": ["thermalLevel", 100],
  "Performance Warning Level": ["performanceLevel", 100],
  CPU_Speed_Limit: ["cpuSpeedLimitPercent", 100],
  CPU_Scheduler_Limit: ["cpuSchedulerLimitPercent", 100],
  CPU_Available_CPUs: ["cpuAvailable", 256],
}

/**
 * `pmset -g therm` and `-g thermlog`. On Apple silicon there are only the notes that nothing was recorded, cool or hot: "none"
 * is the absence of a record, not of heat.
 */
export function readPmsetTherm(sheet: FactSheet, lines: readonly Line[]): void {
  const fit = (text: string) => {
    if (/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} (CPU Power|Thermal|Performance)/.test(text)) return undefined
    const note = /^Note: (.+)$/.exec(text)?.[1]
    const name = note === undefined ? undefined : NOTES[note]
    if (name !== undefined) return { name, value: "none", most: 0 }
    const level = /^\t?([A-Za-z_ ]+?)\s*\t?= (\d{1,3})$/.exec(text)
    const known = LEVELS[level?.[1] ?? ""]
    return known === undefined ? null : { name: known[0], value: level?.[2] ?? "", most: known[1] }
  }
  for (const { value, isWhole } of fitLines(lines, fit, (text) => sheet.misfit(text))) {
    const { name, value: text, most } = value
    if (text === "none") sheet.known(name, "none", "Note")
    else if (!isWhole) sheet.unknown(name, "truncated", "the line may have been cut", name)
    else sheet.take(name, readWhole(text, 0, most), name)
  }
  if (sheet.facts().length === 0) sheet.expect(["thermalLevel", "cpuSpeedLimitPercent"], "pmset -g therm")
}

/** `pmset -g sched`: ` [0]  wake at 08/28/2026 21:22:55 by 'name'`; nothing at all where nothing is scheduled. */
export function readPmsetSched(sheet: FactSheet, lines: readonly Line[]): void {
  const row =
    /^ {1,2}\[(\d)\] {1,2}(wake|poweron|sleep|shutdown|restart|wakepoweron|wakeorpoweron) at (\d\d)\/(\d\d)\/(\d{2,4}) (\d\d):(\d\d):(\d\d) by '.*'.*$/
  for (const { text, isSound } of lines) {
    const match = row.exec(text)
    if (match !== null && isSound) {
      const [, at = "", kind, month, day, year = "", ...clock] = match
      const when = `${year.length === 2 ? `20${year}` : year}-${month}-${day} ${clock.join(":")}`
      sheet.known("scheduledWake", `${kind} ${when}`, "Scheduled power events", at)
    } else if (!/^(Scheduled|Repeating) power events:$/.test(text)) sheet.misfit(text)
  }
}

const EVENT =
  /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}) (Sleep|Wake|DarkWake) +\t?(Entering Sleep|Wake|DarkWake|Maintenance)\b.*$/

/** `pmset -g log`: when it slept and woke. All other lines are left alone. */
export function readPmsetLog(sheet: FactSheet, lines: readonly Line[]): void {
  for (const { text, isSound, isTerminated } of lines) {
    const match = isSound && isTerminated ? EVENT.exec(text) : null
    if (match !== null) sheet.known("sleepEvent", match[2] ?? "", "log", match[1])
  }
}

export function isPowerLogLine(text: string): boolean {
  return /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} (Sleep|Wake|DarkWake|Assertions|Wake Requests|Notification|Kernel Client Acks|PM Client Acks|Start) +\t/.test(
    text,
  )
}
