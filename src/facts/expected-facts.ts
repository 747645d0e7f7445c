import type { UnknownReason } from "./fact.ts"
import type { FactName } from "./fact-names.ts"
import type { FactSheet } from "./fact-sheet.ts"

type Row = readonly [command: string, hint: RegExp, facts: string]

const ANY = /^/

/** What each command tells of a Mac by itself; not what it tells of things that may not be there, such as volumes and logins. */
const ROWS: readonly Row[] = [
  ["system_profiler -json or -xml", /SPHardware/, "modelIdentifier chip memoryBytes cpuCores"],
  ["system_profiler -json or -xml", /SPSoftware/, "macosVersion macosBuild"],
  ["system_profiler -json or -xml", /SPDisplays/, "gpuModel gpuCores metalSupport"],
  ["system_profiler -json or -xml", /SPThunderbolt/, "thunderboltPeers"],
  ["system_profiler -json or -xml", /SPPower/, "hasBattery powerSource"],
  ["plutil of com.apple.SoftwareUpdate", ANY, "installsMacosItself"],
  ["ioreg", /IOAccelerator|AGX/, "gpuCores gpuBusyPercent gpuMemoryAllocatedBytes"],
  ["ioreg", /IOHIDSystem/, "idleMs"],
  ["ioreg", /Root/, "isScreenLocked hasConsoleUser consoleUid"],
  ["ioreg", /AppleSmartBattery/, "hasBattery batteryPercent isCharging isExternalPower"],
  ["ioreg", /IOPlatformExpertDevice/, "modelIdentifier"],
  ["scutil", ANY, "hasConsoleUser consoleUid consoleUser"],
  ["vm_stat", ANY, "pageBytes memoryAvailableBytes memoryUsedBytes"],
  ["memory_pressure", ANY, "memoryBytes memoryFreePercent"],
  ["pmset -g batt", ANY, "powerSource hasBattery batteryPercent batteryState"],
  ["pmset -g systemstate", ANY, "systemCapabilities isDisplayPowered"],
  ["pmset -g therm", ANY, "thermalLevel performanceLevel cpuSpeedLimitPercent"],
  ["pmset -g", ANY, "powerSetting"],
  ["sw_vers", ANY, "macosVersion macosBuild"],
  ["uname -v", ANY, "darwinVersion macosMajor architecture chipFamily"],
  ["netstat -rn", ANY, "defaultInterface defaultGateway"],
  ["route get", ANY, "defaultInterface defaultGateway"],
  ["uptime", ANY, "uptimeMinutes loadAverage"],
  ["launchctl limit", ANY, "fileLimit"],
  ["rsync --version", ANY, "rsyncKind rsyncVersion"],
  ["sysctl", ANY, "modelIdentifier chip architecture memoryBytes cpuCores coreCounts isVirtual isTranslated"],
  ["sysctl", ANY, "macosVersion macosBuild bootTimeMs gpuWiredLimitMb swapTotalBytes swapUsedBytes loadAverage"],
  ["sysctl", ANY, "memoryPressureLevel"],
  ["dscl -read", ANY, "isRemoteLoginLimited"],
  ["a status line", /^fdesetup/, "isFileVaultOn"],
  ["a status line", /^csrutil/, "isSystemProtected"],
  ["a status line", /^socketfilterfw.*state/i, "isFirewallOn"],
  ["a status line", /^socketfilterfw.*stealth/i, "isStealthModeOn"],
  ["a status line", /^profiles/, "isEnrolledByPurchase isManaged"],
  ["a status line", /^launchctl-print-disabled|^systemsetup-getremotelogin/, "isRemoteLoginOn"],
  ["a status line", /^launchctl-managername/, "sessionKind"],
  ["a status line", /^xcode-select/, "developerFolder"],
  ["a status line", /^notifyutil/, "thermalPressure"],
  ["a status line", /^ls-protected/, "hasFullDiskAccess"],
]

/**
 * Says why a command that did not end in time, or is not there, leaves unknown what it would have told. What it printed before
 * stays; what it did not come to is not missing in its output.
 * @param hint its words, as a name of a recording begins
 */
export function blameCommand(
  sheet: FactSheet,
  command: string | null,
  hint: string,
  { reason, detail }: { readonly reason: UnknownReason; readonly detail: string },
): void {
  for (const fact of sheet.facts()) {
    const { name, of, key } = fact
    if (!fact.known && (fact.reason === "no_such_key" || fact.reason === "truncated"))
      sheet.spoil(name, reason, detail, key, of)
  }
  for (const [of, form, facts] of ROWS) {
    if (of !== command || !form.test(hint)) continue
    // Settings are each of a name, which this output did not come to.
    for (const name of facts.split(" ") as FactName[]) {
      const isTold = sheet.facts().some((fact) => fact.name === name)
      if (!isTold) sheet.unknown(name, reason, detail, command)
    }
  }
}
