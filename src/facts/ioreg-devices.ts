import type { FactSheet } from "./fact-sheet.ts"
import { hasKey, numberIn, type RegistryNode } from "./ioreg.ts"
import { readIdentifier } from "./model-map.ts"
import { isDictionary } from "./property-value.ts"

const IDLE = "HIDIdleTime"
const LONGEST_IDLE_NS = 10 * 366 * 24 * 3600 * 1e9

/**
 * `ioreg -r -d 1 -c IOHIDSystem`: HIDIdleTime in nanoseconds, of several entries the least. It goes back to 0 by itself when a
 * Mac wakes in the dark, so a small value alone is nobody's return. Where an entry was begun and its time is not to be read, the least
 * is not known.
 * @param isCut the head of an entry is damaged or cut
 */
export function readHidIdle(sheet: FactSheet, nodes: readonly RegistryNode[], isCut: boolean): void {
  const systems = nodes.filter((node) => node.className === "IOHIDSystem" || hasKey(node, IDLE))
  if (systems.length === 0) return
  const times = systems.flatMap((node) => numberIn(node.properties, IDLE) ?? [])
  const isDamaged = systems.some((node) => node.damaged.has(IDLE))
  const idleNs = Math.min(...times)
  const isMissed = isCut || systems.some((node) => !hasKey(node, IDLE))
  if (isDamaged) sheet.unknown("idleMs", "garbage", "its value is damaged, cut, or there twice", IDLE)
  else if (times.length === 0) sheet.unknown("idleMs", "no_such_key", "the output does not say", IDLE)
  else if (isMissed) sheet.unknown("idleMs", "truncated", "the time of an entry is cut off", IDLE)
  else if (idleNs < 0) sheet.unknown("idleMs", "implausible", "its value is no time that can have gone by", IDLE)
  else if (idleNs > LONGEST_IDLE_NS)
    sheet.unknown("idleMs", "implausible", `${idleNs} ns are more than ten years`, IDLE)
  else sheet.known("idleMs", Math.floor(idleNs / 1e6), IDLE)
}

/** `ioreg -r -d 1 -w 0 -c IOBlockStorageDriver`: bytes since boot, by disk. */
export function readDiskCounters(sheet: FactSheet, nodes: readonly RegistryNode[]): void {
  for (const { name, className, properties } of nodes) {
    const statistics = properties.get("Statistics")
    if (!/BlockStorageDriver/.test(className) || !/^\w+$/.test(name) || !isDictionary(statistics)) continue
    const read = numberIn(statistics, "Bytes (Read)")
    const written = numberIn(statistics, "Bytes (Write)")
    if (read !== null && read >= 0) sheet.known("diskReadBytes", read, "Statistics: Bytes (Read)", name)
    if (written !== null && written >= 0) sheet.known("diskWrittenBytes", written, "Statistics: Bytes (Write)", name)
  }
}

/** `ioreg -rd1 -c IOPlatformExpertDevice`: the model. Serial number and UUID, which stand there too, are left alone. */
export function readPlatformDevice(sheet: FactSheet, nodes: readonly RegistryNode[]): void {
  for (const { className, properties, damaged } of nodes) {
    if (className !== "IOPlatformExpertDevice") continue
    const model = properties.get("model")
    const [text] = typeof model === "object" && "texts" in model ? model.texts : []
    if (text !== undefined && readIdentifier(text) !== null) sheet.known("modelIdentifier", text, "model")
    else if (damaged.has("model") || text !== undefined)
      sheet.unknown("modelIdentifier", "garbage", "it is no model's identifier", "model")
    sheet.expect(["modelIdentifier"], "model")
  }
}
