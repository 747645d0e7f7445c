import type { FactName } from "./fact-names.ts"
import type { FactSheet } from "./fact-sheet.ts"
import { isJsonObject, type Json, jsonObjects, readJson } from "./json-text.ts"
import { readProfiledDisplays } from "./profiler-displays.ts"
import { readProfiledHardware } from "./profiler-hardware.ts"
import { readProfiledAirPort, readProfiledNetwork, readProfiledThunderbolt } from "./profiler-network.ts"
import { readProfiledPower } from "./profiler-power.ts"
import { readProfiledSoftware, readProfiledStorage } from "./profiler-software.ts"
import { readPropertyListXml } from "./property-list-xml.ts"

type Reader = (sheet: FactSheet, items: Json) => void

/** The types of `system_profiler -json` that are read, and what each should tell. */
const TYPES: Readonly<Record<string, readonly [read: Reader, expected: readonly FactName[]]>> = {
  SPHardwareDataType: [readProfiledHardware, ["modelIdentifier", "chip", "memoryBytes", "cpuCores"]],
  SPSoftwareDataType: [readProfiledSoftware, ["macosVersion", "macosBuild"]],
  SPDisplaysDataType: [readProfiledDisplays, ["gpuModel", "gpuCores", "metalSupport"]],
  SPThunderboltDataType: [readProfiledThunderbolt, ["thunderboltPeers"]],
  SPAirPortDataType: [readProfiledAirPort, []],
  SPNetworkDataType: [readProfiledNetwork, []],
  SPStorageDataType: [readProfiledStorage, []],
  SPPowerDataType: [readProfiledPower, ["hasBattery", "powerSource"]],
}

/** The type of a text that looks like the answer of system_profiler, as JSON or as XML; `null` for another one. */
export function profilerTypeOf(text: string): string | null {
  const head = text.slice(0, 4000)
  const json = /^\s*\{\s*"(SP[A-Za-z]+DataType)"\s*:/.exec(head)?.[1]
  if (json !== undefined) return json
  return head.includes("<plist") ? (/<string>(SP[A-Za-z]+DataType)<\/string>/.exec(head)?.[1] ?? null) : null
}

/** `system_profiler TYPE... -json` (system_profiler(8)), or `-xml`. A damaged text gives nothing. */
export function readSystemProfiler(sheet: FactSheet, text: string, hint: string): void {
  const isXml = /^\s*<\?xml|<plist/.test(text.slice(0, 400))
  const reading = isXml ? readPropertyListXml(text) : readJson(text)
  if (!reading.known) {
    const type = profilerTypeOf(text) ?? Object.keys(TYPES).find((name) => hint.includes(name.replace("DataType", "")))
    for (const name of TYPES[type ?? ""]?.[1] ?? []) sheet.unknown(name, reading.reason, reading.detail, type ?? "")
    return
  }
  for (const [type, items] of sectionsOf(reading.value)) {
    const known = TYPES[type]
    if (known === undefined) continue
    known[0](sheet, items)
    sheet.expect(known[1], type)
  }
}

function sectionsOf(value: Json): [type: string, items: Json][] {
  if (isJsonObject(value)) return Object.entries(value)
  return jsonObjects(value).flatMap((section) => {
    const type = section._dataType
    return typeof type === "string" && section._items !== undefined ? [[type, section._items] as [string, Json]] : []
  })
}
