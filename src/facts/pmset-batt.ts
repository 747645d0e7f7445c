import type { FactSheet } from "./fact-sheet.ts"
import { fitLines, type Line } from "./lines.ts"
import { readWhole } from "./numbers.ts"

const SOURCES: Readonly<Record<string, string>> = { AC: "ac", Battery: "battery", UPS: "ups" }
const SOURCE = /^Now drawing from '(AC|Battery|UPS) Power'$/
/** Also a second battery or a UPS has this form; only the built-in one is read. */
const BATTERY =
  /^ -(\S[^(]*?) \(id=\d+\)\s+(\d+)%; (charged|charging|finishing charge|discharging|AC attached; not charging);?(?: (\d{1,3}:\d\d remaining|\(no estimate\)))? present: (true|false)$/

/**
 * `pmset -g batt` (pmset(1); the forms are from pmset.m of Apple's PowerManagement): the source, and a line for each battery. A
 * desktop has only the first line. So has an output that was cut, which is why its silence about a battery says nothing.
 */
export function readPmsetBatt(sheet: FactSheet, lines: readonly Line[]): void {
  const fit = (text: string) => {
    const source = SOURCE.exec(text)
    return source ?? BATTERY.exec(text)
  }
  for (const { value: match } of fitLines(lines, fit, (text) => sheet.misfit(text))) {
    const source = SOURCES[match[1] ?? ""]
    // Both lines end in what only their end can be, so a missing line feed does not matter.
    if (match.length === 2) sheet.known("powerSource", source ?? "", "Now drawing from")
    else if (/^InternalBattery-\d$/.test(match[1] ?? "")) readBattery(sheet, match)
  }
  sheet.expect(["powerSource"], "Now drawing from")
  const detail =
    "no battery is listed: a Mac without one prints only the source of power, and so does an output that was cut"
  for (const name of ["hasBattery", "batteryPercent", "batteryState"] as const) {
    if (sheet.get(name) === undefined) sheet.unknown(name, "no_such_key", detail, "InternalBattery")
  }
}

/** Two days for a full battery: more than any laptop lasts. */
const MOST_MINUTES_PER_PERCENT = 30

function readBattery(sheet: FactSheet, match: RegExpExecArray): void {
  const [, key = "", percent = "", state = "", time = "", present] = match
  sheet.known("hasBattery", present === "true", key)
  if (present === "false") {
    // What the line says besides is of a battery that is not there.
    for (const name of ["batteryPercent", "batteryState", "batteryMinutes"] as const)
      sheet.unknown(name, "no_such_key", "the battery is not present", key)
    return
  }
  const charge = readWhole(percent, 0, 100)
  const clock = /^(\d{1,3}):([0-5]\d) remaining$/.exec(time)
  const minutes = clock === null ? 0 : Number(clock[1]) * 60 + Number(clock[2])
  if (charge.known && state === "charged" && charge.value < 50)
    sheet.unknown("batteryPercent", "contradictory", `${percent} % is not charged`, key)
  else if (charge.known && state === "discharging" && minutes > charge.value * MOST_MINUTES_PER_PERCENT)
    sheet.unknown("batteryPercent", "contradictory", `${percent} % do not last for ${minutes} minutes`, key)
  else sheet.take("batteryPercent", charge, key)
  sheet.known("batteryState", state.replace("AC attached; ", ""), key)
  if (clock !== null) sheet.known("batteryMinutes", minutes, key)
  else sheet.unknown("batteryMinutes", "no_such_key", "the system has no estimate", key)
}
