import type { FactSheet } from "./fact-sheet.ts"
import { isJsonObject, type Json, type JsonObject, jsonObjects } from "./json-text.ts"
import { jsonText, takeJsonFlag, takeJsonWhole } from "./json-values.ts"
import { shorten } from "./numbers.ts"

const TIMERS: Readonly<Record<string, string>> = {
  "System Sleep Timer": "sleep",
  "Display Sleep Timer": "displaysleep",
  "Disk Sleep Timer": "disksleep",
}
const SOURCES: Readonly<Record<string, string>> = { "AC Power": "ac", "Battery Power": "battery", "UPS Power": "ups" }

/**
 * `SPPowerDataType`. A Mac without a battery has no `spbattery_information`; JSON that is whole can be believed in that, unlike
 * text, which may have been cut.
 */
export function readProfiledPower(sheet: FactSheet, items: Json): void {
  const all = jsonObjects(items)
  const names = all.map((item) => item._name)
  for (const item of all) {
    if (item._name === "spbattery_information") readBattery(sheet, item)
    if (item._name === "sppower_ac_charger_information") readCharger(sheet, item)
    const ups = item.sppower_ups_installed
    takeJsonFlag(sheet, "hasUps", ups, "sppower_ups_installed")
    for (const [source, code] of Object.entries(SOURCES)) {
      const settings = item[source]
      if (isJsonObject(settings)) readSettings(sheet, source, code, settings)
    }
  }
  // What is always there shows that the list is whole; what only a battery brings must be missing too.
  const isWhole = names.includes("sppower_hwconfig_information") && names.includes("sppower_information")
  const hints = all.some((item) => "Battery Power" in item || "sppower_battery_charge_info" in item)
  if (isWhole && !hints && !names.includes("spbattery_information")) {
    sheet.known("hasBattery", false, "spbattery_information")
  }
}

function readSettings(sheet: FactSheet, source: string, code: string, settings: JsonObject): void {
  if (settings["Current Power Source"] === "TRUE") sheet.known("powerSource", code, `${source}: Current Power Source`)
  for (const [timer, name] of Object.entries(TIMERS)) {
    takeJsonWhole(sheet, "powerSetting", settings[timer], [0, 100_000], timer, `${source}: ${name}`)
  }
}

function readBattery(sheet: FactSheet, item: JsonObject): void {
  takeJsonFlag(sheet, "hasBattery", item.sppower_battery_installed, "sppower_battery_installed")
  // Where no battery lies in its place, its charge is nobody's.
  if (item.sppower_battery_installed === "FALSE") return
  const { sppower_battery_charge_info: charge, sppower_battery_health_info: health } = item
  // Newer systems do not say whether one is installed: what has a charge and a condition is.
  if (item.sppower_battery_installed === undefined && isJsonObject(charge) && isJsonObject(health))
    sheet.known("hasBattery", true, "spbattery_information")
  if (isJsonObject(charge)) {
    takeJsonFlag(sheet, "isCharging", charge.sppower_battery_is_charging, "sppower_battery_is_charging")
    takeJsonFlag(sheet, "isFullyCharged", charge.sppower_battery_fully_charged, "sppower_battery_fully_charged")
    const percent = charge.sppower_battery_state_of_charge
    const { sppower_battery_current_capacity: current, sppower_battery_max_capacity: most } = charge
    takeJsonWhole(sheet, "batteryPercent", percent, [0, 100], "sppower_battery_state_of_charge")
    if (typeof current === "number" && typeof most === "number") {
      takeRatio(sheet, current, most, "sppower_battery_current_capacity")
    } else if (current !== undefined)
      sheet.unknown("batteryPercent", "garbage", "it is no number", "sppower_battery_current_capacity")
  }
  if (isJsonObject(health)) {
    const cycles = health.sppower_battery_cycle_count
    takeJsonWhole(sheet, "batteryCycles", cycles, [0, 20_000], "sppower_battery_cycle_count")
    const text = jsonText(sheet, ["batteryHealth"], health.sppower_battery_health, "sppower_battery_health")
    if (text !== null) readHealth(sheet, text, "sppower_battery_health")
  }
}

/** Charge in mAh of what the battery holds when full. */
export function takeRatio(sheet: FactSheet, current: number, most: number, key: string): void {
  const percent = Math.round((100 * current) / most)
  if (most > 0 && percent >= 0 && percent <= 100) sheet.known("batteryPercent", percent, key)
  else sheet.unknown("batteryPercent", "implausible", `${current} of ${most} is no charge`, key)
}

const HEALTH = /^(Good|Normal|Fair|Poor|Service Recommended|Service Battery|Replace Soon|Replace Now|Check Battery)$/

export function readHealth(sheet: FactSheet, text: string, key: string): void {
  if (HEALTH.test(text)) sheet.known("batteryHealth", text, key)
  else sheet.unknown("batteryHealth", "garbage", `"${shorten(text)}" is no condition`, key)
}

function readCharger(sheet: FactSheet, item: JsonObject): void {
  takeJsonFlag(sheet, "isExternalPower", item.sppower_battery_charger_connected, "sppower_battery_charger_connected")
  const watts = item.sppower_ac_charger_watts
  takeJsonWhole(sheet, "adapterWatts", watts, [1, 400], "sppower_ac_charger_watts")
}
