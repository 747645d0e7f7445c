import type { FactName } from "./fact-names.ts"
import type { FactSheet } from "./fact-sheet.ts"
import { hasKey, numberIn, type RegistryNode } from "./ioreg.ts"
import { isDictionary } from "./property-value.ts"

const FLAGS: readonly (readonly [key: string, name: FactName])[] = [
  ["BatteryInstalled", "hasBattery"],
  ["IsCharging", "isCharging"],
  ["FullyCharged", "isFullyCharged"],
  ["ExternalConnected", "isExternalPower"],
]
/** Stands for "not known" in minutes. */
const NO_ESTIMATE = 65535
const MOST_POWER_MW = 1_000_000

/**
 * `ioreg -r -n AppleSmartBattery -w 0`. Current and most capacity are per cent on Apple silicon, mAh on Intel. The power of the
 * whole machine is there without root, on laptops only: PowerTelemetryData, SystemLoad, in mW.
 */
export function readSmartBattery(sheet: FactSheet, nodes: readonly RegistryNode[]): void {
  for (const node of nodes) {
    readTelemetry(sheet, node)
    if (node.className !== "AppleSmartBattery" && !hasKey(node, "BatteryInstalled")) continue
    for (const [key, name] of FLAGS) {
      const value = node.properties.get(key)
      if (typeof value === "boolean") sheet.known(name, value, key)
      else if (hasKey(node, key)) sheet.unknown(name, "garbage", "its value is damaged or cut", key)
    }
    readCharge(sheet, node)
    const cycles = numberIn(node.properties, "CycleCount")
    if (cycles !== null && cycles >= 0 && cycles < 20_000) sheet.known("batteryCycles", cycles, "CycleCount")
    else if (hasKey(node, "CycleCount")) odd(sheet, "batteryCycles", cycles, "CycleCount")
    const minutes = numberIn(node.properties, "TimeRemaining")
    if (minutes === NO_ESTIMATE) sheet.unknown("batteryMinutes", "no_such_key", "65535 means none", "TimeRemaining")
    else if (minutes !== null && minutes >= 0 && minutes < 6000) sheet.known("batteryMinutes", minutes, "TimeRemaining")
    else if (hasKey(node, "TimeRemaining")) odd(sheet, "batteryMinutes", minutes, "TimeRemaining")
    const adapter = node.properties.get("AdapterDetails")
    const watts = isDictionary(adapter) ? numberIn(adapter, "Watts") : null
    if (watts !== null && watts > 0 && watts <= 400) sheet.known("adapterWatts", watts, "AdapterDetails: Watts")
    // Without a charger it is 0.
    else if (watts !== 0 && isDictionary(adapter) && adapter.has("Watts"))
      odd(sheet, "adapterWatts", watts, "AdapterDetails: Watts")
    sheet.expect(["hasBattery", "batteryPercent", "isCharging", "isExternalPower"], "AppleSmartBattery")
  }
}

function odd(sheet: FactSheet, name: FactName, value: number | null, key: string): void {
  if (value === null) sheet.unknown(name, "garbage", "its value is damaged, cut, or there twice", key)
  else sheet.unknown(name, "implausible", `${value} cannot be`, key)
}

function readCharge(sheet: FactSheet, { properties, damaged }: RegistryNode): void {
  const current = numberIn(properties, "CurrentCapacity")
  const most = numberIn(properties, "MaxCapacity")
  if (damaged.has("CurrentCapacity") || damaged.has("MaxCapacity")) {
    sheet.unknown("batteryPercent", "garbage", "its value is damaged, cut, or there twice", "CurrentCapacity")
    return
  }
  if (current === null) return
  const percent = most === null || most === 100 ? current : Math.round((100 * current) / most)
  if (percent < 0 || percent > 100) {
    sheet.unknown("batteryPercent", "implausible", `${percent} % is no charge`, "CurrentCapacity")
    return
  }
  const raw = numberIn(properties, "AppleRawCurrentCapacity")
  const rawMost = numberIn(properties, "AppleRawMaxCapacity")
  const rawPercent = raw === null || rawMost === null ? percent : (100 * raw) / rawMost
  if (!(Math.abs(rawPercent - percent) < 10)) {
    sheet.spoil(
      "batteryPercent",
      "contradictory",
      `${percent} %, but by mAh ${rawPercent.toFixed()} %`,
      "CurrentCapacity",
    )
  } else sheet.known("batteryPercent", percent, "CurrentCapacity")
}

/** Power in is volts times amperes, which tells damaged numbers. */
function readTelemetry(sheet: FactSheet, { properties, damaged }: RegistryNode): void {
  const telemetry = properties.get("PowerTelemetryData")
  const key = "PowerTelemetryData: SystemLoad"
  if (damaged.has("PowerTelemetryData"))
    sheet.unknown("systemPowerMw", "garbage", "its value is damaged or cut", "PowerTelemetryData")
  if (!isDictionary(telemetry)) return
  const load = numberIn(telemetry, "SystemLoad")
  if (load === null) return
  if (load < 0 || load > MOST_POWER_MW) sheet.unknown("systemPowerMw", "implausible", `${load} mW`, key)
  else sheet.known("systemPowerMw", load, key)
}
