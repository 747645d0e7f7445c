import { HEATS, MEMORY_PRESSURES, POWER_SOURCES, type PowerSource, type Vitals } from "../protocol/vitals.ts"
import { type MacOutput, sheetOf } from "./mac-output.ts"
import { availableIn, parseVmStat } from "./vm-stat.ts"

/** The keys of `sysctl -i` that say how a Mac is. */
export const VITALS_SYSCTL_KEYS: readonly string[] = [
  "kern.memorystatus_vm_pressure_level",
  "vm.swapusage",
  "vm.loadavg",
  "hw.memsize",
]

/** What `notifyutil -g` is asked for: thermal pressure, which `pmset -g therm` does not tell on Apple silicon. */
export const HEAT_NOTIFICATION = "com.apple.system.thermalpressurelevel"

/**
 * How a Mac is, from what `ioreg -r -d 1 -w 0 -c IOAccelerator`, `pmset -g batt`, `notifyutil -g`, `sysctl -i` and `vm_stat` printed,
 * hinted by "ioreg", "pmset-g-batt", "notifyutil", "sysctl" and "vm_stat". Never throws: what cannot be read is `null`.
 */
export function readMacVitals(outputs: readonly MacOutput[]): Vitals {
  const pages = outputs.find(({ hint, problem }) => hint === "vm_stat" && problem === null)
  const sheet = sheetOf(outputs.filter(({ hint }) => hint !== "vm_stat"))
  const power = sheet.text("powerSource")
  const level = sheet.number("memoryPressureLevel")
  const load = sheet.value("loadAverage")
  const charge = sheet.text("batteryState")
  return {
    gpuBusyPercent: sheet.number("gpuBusyPercent"),
    gpuMemoryBytes: sheet.number("gpuMemoryAllocatedBytes"),
    heat: HEATS[sheet.number("thermalPressure") ?? -1] ?? null,
    power: isSource(power) ? power : null,
    chargePercent: sheet.number("batteryPercent"),
    charging: charge === null ? null : charge === "charging" || charge === "finishing charge",
    memoryAvailableBytes: pages === undefined ? null : pagesAvailable(pages.text, sheet.number("memoryBytes")),
    memoryPressure: MEMORY_PRESSURES[[1, 2, 4].indexOf(level ?? 0)] ?? null,
    swapUsedBytes: sheet.number("swapUsedBytes"),
    load: Array.isArray(load) ? Number(load[0]) : null,
  }
}

function isSource(text: string | null): text is PowerSource {
  return (POWER_SOURCES as readonly (string | null)[]).includes(text)
}

function pagesAvailable(text: string, memoryBytes: number | null): number | null {
  const available = availableIn(parseVmStat(text, memoryBytes))
  return available.known ? available.value : null
}
