import { readChipName } from "./chip-name.ts"
import type { FactSheet } from "./fact-sheet.ts"
import { type Json, type JsonObject, jsonObjects } from "./json-text.ts"
import { jsonText, takeJsonWhole } from "./json-values.ts"
import { shorten } from "./numbers.ts"

/** Where a release of macOS says how much of Metal there is: macOS 12, 13 and later, and some between. */
const METAL_KEYS = ["spdisplays_mtlgpufamilysupport", "spdisplays_metalfamily", "spdisplays_metal"] as const

/** `SPDisplaysDataType`: the GPU and its displays. A headless Mac has no list of displays. */
export function readProfiledDisplays(sheet: FactSheet, items: Json): void {
  for (const item of jsonObjects(items)) {
    const model = jsonText(sheet, ["gpuModel"], item.sppci_model ?? item._name, "sppci_model")
    if (model !== null) readGpuModel(sheet, model, "sppci_model")
    const cores = item.sppci_cores
    if (cores !== undefined) takeJsonWhole(sheet, "gpuCores", cores, [1, 512], "sppci_cores")
    else if (sheet.text("gpuModel")?.includes("Paravirtual") === true)
      sheet.unknown("gpuCores", "no_such_key", "a paravirtual GPU has none", "sppci_cores")
    for (const key of METAL_KEYS) {
      const metal = jsonText(sheet, ["metalSupport"], item[key], key)
      if (metal !== null) readMetal(sheet, metal, key)
    }
    if (item.spdisplays_ndrvs !== undefined) readDisplays(sheet, jsonObjects(item.spdisplays_ndrvs))
  }
}

/** Their sizes in pixels. Names and serial numbers of displays are left alone. */
function readDisplays(sheet: FactSheet, displays: readonly JsonObject[]): void {
  const sizes = displays.flatMap(({ _spdisplays_pixels: pixels }) =>
    typeof pixels === "string" && /^[1-9]\d{2,4} x [1-9]\d{2,4}$/.test(pixels) ? [pixels] : [],
  )
  if (sizes.length === displays.length) sheet.known("displays", sizes, "spdisplays_ndrvs: _spdisplays_pixels")
  else
    sheet.unknown(
      "displays",
      "garbage",
      "of one its size is missing or damaged",
      "spdisplays_ndrvs: _spdisplays_pixels",
    )
}

export function readGpuModel(sheet: FactSheet, model: string, key: string): void {
  if (/^Apple Paravirtual(ized)?( Graphics)?( Device)?$/.test(model)) {
    sheet.known("gpuModel", model, key)
    sheet.known("isVirtual", true, key)
  } else if (/^Apple [AM]\d/.test(model)) {
    readChipName(sheet, model, key, true)
    if (sheet.text("chip") === model) sheet.known("gpuModel", model, key)
    else sheet.unknown("gpuModel", "garbage", `"${shorten(model)}" is no chip's name`, key)
  } else if (/^(Intel|AMD|NVIDIA|Radeon) [\w ().+-]+$/.test(model)) sheet.known("gpuModel", model, key)
  else sheet.unknown("gpuModel", "garbage", `"${shorten(model)}" is no GPU's name`, key)
}

/** `spdisplays_metal3`, `spdisplays_mtlgpufamilyapple7`, `spdisplays_supported`. */
function readMetal(sheet: FactSheet, text: string, key: string): void {
  const version = /^spdisplays_metal([1-9])$/.exec(text)?.[1]
  const family = /^spdisplays_mtlgpufamily(apple|mac|common)(\d{1,2})$/.exec(text)
  if (version !== undefined) sheet.known("metalSupport", `Metal ${version}`, key)
  else if (family !== null) sheet.known("metalSupport", `family ${family[1]}${family[2]}`, key)
  else if (text === "spdisplays_supported") sheet.known("metalSupport", "supported", key)
  else sheet.unknown("metalSupport", "garbage", `"${shorten(text)}" is no support of Metal`, key)
}
