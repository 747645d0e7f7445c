import type { FactSheet } from "./fact-sheet.ts"
import { fitLines, type Line } from "./lines.ts"
import { readIdentifier } from "./model-map.ts"
import { isMountPoint } from "./mount-point.ts"
import { readWhole, shorten } from "./numbers.ts"
import { readGpuModel } from "./profiler-displays.ts"
import { readMemoryText, readProcessorName } from "./profiler-hardware.ts"
import { readHealth, takeRatio } from "./profiler-power.ts"
import { readSystemVersion } from "./profiler-software.ts"

/** A `Key: value` of the text, with the titles above it, outermost first. */
interface Entry {
  readonly path: readonly string[]
  readonly key: string
  readonly text: string
  readonly isWhole: boolean
}

const TITLES =
  /^(Hardware|Software|Graphics\/Displays|Power|Storage|Memory|Network|Audio|Wi-Fi|AirPort|Thunderbolt\/USB4|Thunderbolt):$/

export function isProfilerTitle(text: string): boolean {
  return TITLES.test(text)
}

/**
 * `system_profiler TYPE...` as text. Its words are in the language of the account and its numbers as the region writes them: read
 * only as far as keys are English, and bytes where they stand in full. `-json` is the form to ask for.
 */
export function readProfilerText(sheet: FactSheet, lines: readonly Line[]): void {
  const entries = entriesOf(lines, (text) => sheet.misfit(text))
  let charge: { current?: number; most?: number } = {}
  for (const { path, key, text, isWhole } of entries) {
    const [section = "", title = ""] = path
    const whole = (use: () => void) => {
      if (isWhole) use()
    }
    if (section === "Hardware") whole(() => readHardware(sheet, key, text))
    else if (section === "Software" && key === "System Version") readSystemVersion(sheet, text, key)
    else if (section === "Graphics/Displays" && path.length === 2) whole(() => readGraphics(sheet, key, text))
    else if (section === "Power") whole(() => readPower(sheet, path, key, text))
    else if (section === "Wi-Fi" || section === "AirPort") whole(() => readWifi(sheet, path[2] ?? "", key, text))
    else if (section === "Storage") readVolume(sheet, entries, title, key, text)
    if (section === "Power" && path[2] === "Charge Information" && isWhole && /^[1-9]\d{0,5}$/.test(text)) {
      if (key === "Charge Remaining (mAh)") charge = { ...charge, current: Number(text) }
      if (key === "Full Charge Capacity (mAh)") charge = { ...charge, most: Number(text) }
    }
  }
  if (charge.current !== undefined && charge.most !== undefined) {
    takeRatio(sheet, charge.current, charge.most, "Charge Remaining (mAh)")
  }
  readCharging(sheet, entries)
  const sections = new Set(entries.map(({ path }) => path[0]))
  if (sections.has("Hardware")) sheet.expect(["modelIdentifier", "chip", "memoryBytes", "cpuCores"], "Hardware")
  if (sections.has("Software")) sheet.expect(["macosVersion", "macosBuild"], "Software")
  if (sections.has("Graphics/Displays")) {
    sheet.expect(["gpuModel", "gpuCores", "metalSupport"], "Graphics/Displays")
    const detail = "nothing in the text tells whether all of them are left; -json does"
    sheet.unknown("displays", "no_such_key", detail, "Displays")
  }
  if (sections.has("Power")) sheet.expect(["hasBattery", "powerSource"], "Power")
}

function entriesOf(lines: readonly Line[], onMisfit: (text: string) => void): Entry[] {
  const fit = (text: string) => {
    const match = /^( *)([^\s\d:](?:[^:\s]| (?! ))*):(?: (.*))?$/.exec(text)
    return match === null ? null : { indent: (match[1] ?? "").length, key: match[2] ?? "", text: match[3] }
  }
  const open: { indent: number; title: string }[] = []
  const entries: Entry[] = []
  for (const { value, isWhole } of fitLines(lines, fit, onMisfit)) {
    while ((open.at(-1)?.indent ?? -1) >= value.indent) open.pop()
    if (value.text === undefined) open.push({ indent: value.indent, title: value.key })
    else entries.push({ path: open.map(({ title }) => title), key: value.key, text: value.text, isWhole })
  }
  return entries
}

/** Battery and charger have been seen to disagree about charging; then neither is believed, nor what goes with it. */
function readCharging(sheet: FactSheet, entries: readonly Entry[]): void {
  const flagAt = (title: string, part: string | undefined, key: string): boolean | null => {
    const found = entries.filter(
      (one) => one.path[1] === title && one.path[2] === part && one.key === key && one.isWhole,
    )
    const [entry] = found
    return found.length !== 1 || !/^(Yes|No)$/.test(entry?.text ?? "") ? null : entry?.text === "Yes"
  }
  const battery = flagAt("Battery Information", "Charge Information", "Charging")
  const charger = flagAt("AC Charger Information", undefined, "Charging")
  const isFull = flagAt("Battery Information", "Charge Information", "Fully Charged")
  if (battery === null && charger === null) return
  if (battery === charger && battery !== null) {
    sheet.known("isCharging", battery, "Charging")
    if (isFull !== null && !(isFull && battery)) sheet.known("isFullyCharged", isFull, "Fully Charged")
    return
  }
  for (const name of ["isCharging", "isFullyCharged"] as const) {
    sheet.unknown(name, "contradictory", "battery and charger do not say the same of charging", "Charging")
  }
}

function readHardware(sheet: FactSheet, key: string, text: string): void {
  if (key === "Model Identifier") {
    if (readIdentifier(text) !== null) sheet.known("modelIdentifier", text, key)
    else sheet.unknown("modelIdentifier", "garbage", `"${shorten(text)}" is no identifier`, key)
  } else if (key === "Chip" || key === "Processor Name")
    readProcessorName(sheet, text, sheet.text("modelIdentifier"), key)
  else if (key === "Memory") sheet.take("memoryBytes", readMemoryText(text), key)
  else if (key === "Total Number of Cores") readCores(sheet, key, text)
}

/** `8 (4 performance and 4 efficiency)`; on Intel only the number. */
function readCores(sheet: FactSheet, key: string, text: string): void {
  const match = /^(\d{1,3}) \((\d{1,3}) ([a-z]+)(?: and |, )(\d{1,3}) ([a-z]+)\)$/i.exec(text)
  if (match === null) {
    sheet.take("cpuCores", readWhole(text, 1, 128), key)
    return
  }
  const [, total, first = "", firstName = "", second = "", secondName = ""] = match
  const counts = [Number(first), Number(second)]
  if (Number(total) !== counts.reduce((sum, count) => sum + count, 0)) {
    for (const name of ["cpuCores", "coreCounts", "coreNames"] as const)
      sheet.unknown(name, "contradictory", `in "${text}" the kinds are not the total`, key)
    return
  }
  sheet.known("cpuCores", Number(total), key)
  const names = [firstName, secondName].map((name) => name.charAt(0).toUpperCase() + name.slice(1).toLowerCase())
  if (names.some((name) => !/^(Super|Performance|Efficiency)$/.test(name))) return
  sheet.known("coreCounts", counts, key)
  sheet.known("coreNames", names, key)
}

function readGraphics(sheet: FactSheet, key: string, text: string): void {
  if (key === "Chipset Model") readGpuModel(sheet, text, key)
  else if (key === "Total Number of Cores") sheet.take("gpuCores", readWhole(text, 1, 512), key)
  else if (key === "Metal Support" && /^Metal [1-9]$/.test(text)) sheet.known("metalSupport", text, key)
  else if (key === "Metal Support")
    sheet.unknown("metalSupport", "garbage", `"${shorten(text)}" is no support of Metal`, key)
  else if (key === "Metal Family") {
    const family = /^Supported, Metal GPUFamily (Apple|Mac|Common) (\d{1,2})$/.exec(text)
    if (family !== null) sheet.known("metalSupport", `family ${family[1]?.toLowerCase()}${family[2]}`, key)
  }
}

function readWifi(sheet: FactSheet, name: string, key: string, text: string): void {
  if (!/^en\d{1,2}$/.test(name)) return
  if (key === "Status" && text === "Connected") sheet.known("isLinkActive", true, key, name)
  if (key === "Transmit Rate") sheet.take("wifiMbps", readWhole(text, 1, 50_000), key, name)
  if (key === "Channel" && /^\d{1,3} \((2|5|6)GHz, (20|40|80|160|320)MHz\)$/.test(text))
    sheet.known("wifiChannel", text, key, name)
  else if (key === "Channel") sheet.unknown("wifiChannel", "garbage", `"${shorten(text)}" is no channel`, key, name)
}

function readPower(sheet: FactSheet, path: readonly string[], key: string, text: string): void {
  const flag = text === "Yes" ? true : text === "No" ? false : null
  const [, title = "", part = ""] = path
  if (title === "Battery Information") {
    if (part === "Charge Information") {
      if (key === "State of Charge (%)") sheet.take("batteryPercent", readWhole(text, 0, 100), key)
    }
    if (part === "Health Information" && key === "Cycle Count")
      sheet.take("batteryCycles", readWhole(text, 0, 20_000), key)
    if (part === "Health Information" && key === "Condition") readHealth(sheet, text, key)
    if (part !== "Model Information") sheet.known("hasBattery", true, title)
    if (key === "Battery Installed" && flag === false)
      sheet.spoil("hasBattery", "contradictory", "it is listed, and not installed", key)
  }
  if (title === "System Power Settings" && key === "Current Power Source" && flag === true) {
    if (part === "AC Power") sheet.known("powerSource", "ac", `${part}: ${key}`)
    if (part === "Battery Power") sheet.known("powerSource", "battery", `${part}: ${key}`)
  }
  if (key === "UPS Installed" && flag !== null) sheet.known("hasUps", flag, key)
  if (title === "AC Charger Information" && key === "Connected" && flag !== null)
    sheet.known("isExternalPower", flag, key)
  if (title === "AC Charger Information" && key === "Wattage (W)")
    sheet.take("adapterWatts", readWhole(text, 1, 400), key)
}

/**
 * `Free: 463,12 GB (463 117 873 152 bytes)`: the bytes, with whatever the region puts between groups of digits. The rounded
 * number before them must be the same, which tells a damaged one.
 */
function readVolume(sheet: FactSheet, entries: readonly Entry[], title: string, key: string, text: string): void {
  const name = key === "Free" ? "diskAvailableBytes" : key === "Capacity" ? "diskSizeBytes" : null
  const mounts = entries.filter(
    (entry) => entry.path[0] === "Storage" && entry.path[1] === title && entry.key === "Mount Point",
  )
  const mount = mounts.length === 1 && mounts[0]?.isWhole === true ? mounts[0].text : undefined
  if (name === null || mount === undefined || !isMountPoint(mount)) return
  const match = /^(\d{1,3})(?:[.,](\d{1,2}))? (KB|MB|GB|TB) \((\d[\d.,'\u2019\u00a0\u202f ]*) bytes\)$/.exec(text)
  const [, whole = "", fraction = "", unit = "", digits = ""] = match ?? []
  const bytes = Number(digits.replace(/\D/g, ""))
  const scale = { KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 }[unit]
  if (scale === undefined) sheet.unknown(name, "garbage", `"${shorten(text)}" is no size`, key, mount)
  else if (Math.abs(bytes / scale - Number(`${whole}.${fraction}0`)) > (fraction.length === 2 ? 0.0051 : 0.051))
    sheet.unknown(name, "contradictory", `"${text}" says two sizes`, key, mount)
  else sheet.known(name, bytes, key, mount)
}
