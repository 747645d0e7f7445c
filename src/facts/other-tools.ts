import { readChipName } from "./chip-name.ts"
import type { FactSheet } from "./fact-sheet.ts"
import { isJsonObject, type Json, type JsonObject, jsonObjects, readJson } from "./json-text.ts"
import { readMachineMemory, readWhole } from "./numbers.ts"
import { readKernelVersion } from "./uname.ts"

/** Whether a text looks like the JSON of `mactop --headless` or of a GPUStack worker. */
export function isOtherToolText(text: string): boolean {
  return /"soc_metrics"\s*:/.test(text) || (/"gpu_devices"\s*:/.test(text) && /"is_unified_memory"\s*:/.test(text))
}

/**
 * What other programs say of a Mac: `mactop --headless` and the status of a GPUStack worker, as people send them in. Only what
 * does not depend on how they count.
 */
export function readOtherTool(sheet: FactSheet, text: string): void {
  const reading = readJson(text)
  if (!reading.known) {
    for (const name of ["memoryBytes", "gpuCores"] as const) sheet.unknown(name, reading.reason, reading.detail, "JSON")
    return
  }
  const root = Array.isArray(reading.value) ? (reading.value as Json[])[0] : reading.value
  if (!isJsonObject(root)) return
  const status = isJsonObject(root.status) ? root.status : root
  takeTotal(sheet, status.memory, "memory: total")
  for (const gpu of jsonObjects(status.gpu_devices)) {
    if (typeof gpu.name === "string") readChipName(sheet, gpu.name, "gpu_devices: name", true)
    takeNumber(sheet, "gpuCores", gpu.core, "total", 512)
  }
  const system = root.system_info
  if (isJsonObject(system)) {
    if (typeof system.name === "string") readChipName(sheet, system.name, "system_info: name", true)
    takeNumber(sheet, "cpuCores", system, "core_count", 128)
    takeNumber(sheet, "gpuCores", system, "gpu_core_count", 512)
  }
  const kernel = isJsonObject(status.kernel) ? status.kernel.version : undefined
  if (typeof kernel === "string") readKernelVersion(sheet, kernel, "kernel: version")
  const os = status.os
  if (isJsonObject(os) && typeof os.version === "string" && /^\d\d\.\d{1,2}(\.\d{1,2})?$/.test(os.version)) {
    sheet.known("macosVersion", os.version, "os: version")
  }
}

function takeTotal(sheet: FactSheet, memory: Json | undefined, key: string): void {
  if (!isJsonObject(memory) || typeof memory.total !== "number") return
  sheet.take("memoryBytes", readMachineMemory(String(memory.total)), key)
}

function takeNumber(
  sheet: FactSheet,
  name: "gpuCores" | "cpuCores",
  holder: Json | undefined,
  key: string,
  most: number,
): void {
  const value = isJsonObject(holder) ? (holder as JsonObject)[key] : undefined
  // A worker that could not count them says 0.
  if (typeof value === "number" && value > 0) sheet.take(name, readWhole(String(value), 1, most), key)
}
