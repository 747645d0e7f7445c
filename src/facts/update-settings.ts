import type { FactSheet } from "./fact-sheet.ts"
import { isJsonObject } from "./json-text.ts"
import { readPropertyListXml } from "./property-list-xml.ts"

const KEY = "AutomaticallyInstallMacOSUpdates"
const KEYS = new RegExp(
  `<key>(${KEY}|AutomaticCheckEnabled|AutomaticDownload|LastFullSuccessfulDate|LastUpdatesAvailable)</key>`,
)

export function isUpdateSettings(text: string): boolean {
  return KEYS.test(text)
}

/**
 * `plutil -convert xml1 -o - /Library/Preferences/com.apple.SoftwareUpdate.plist`. The key is missing as long as nobody has ever changed
 * the switch, and what holds then differs between releases of macOS.
 */
export function readUpdateSettings(sheet: FactSheet, text: string): void {
  const read = readPropertyListXml(text.trim())
  if (!read.known) {
    sheet.unknown("installsMacosItself", read.reason, read.detail, KEY)
    return
  }
  const value = isJsonObject(read.value) ? read.value[KEY] : undefined
  if (typeof value === "boolean") sheet.known("installsMacosItself", value, KEY)
  else if (value === 0 || value === 1) sheet.known("installsMacosItself", value === 1, KEY)
  else if (value === undefined) sheet.unknown("installsMacosItself", "no_such_key", "it was never set", KEY)
  else sheet.unknown("installsMacosItself", "garbage", "it is neither true nor false", KEY)
}
