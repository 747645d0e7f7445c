import type { FactSheet } from "./fact-sheet.ts"
import { shorten } from "./numbers.ts"

const APPLE = /^Apple M([1-9]\d?)( Pro| Max| Ultra)?( \(Virtual\))?$/
const APPLE_PHONE = /^Apple A([1-9]\d)( Pro)?$/
const INTEL =
  /^Intel\(R\) (Core|Xeon|Pentium|Celeron)\((TM|R)\) (i[3579]|[EWM]\d?|m[357])-[A-Z0-9]{4,7}( v\d)? (CPU )?@ \d\.\d\dGHz$|^Intel Core i[3579]$|^Intel Xeon( [A-Z])?$|^\d{1,2}-Core Intel (Core i[3579]|Xeon W)$/

/**
 * Puts the name of a chip on the sheet, with what it tells of the kind of machine. `isWhole` says whether the text surely ends
 * where it seems to: "Apple M3" may be the beginning of "Apple M3 Ultra", which itself is the beginning of nothing.
 */
export function readChipName(sheet: FactSheet, text: string, key: string, isWhole: boolean): void {
  if (text === "Apple processor") {
    // What early firmware of macOS 11 says of every chip.
    sheet.known("architecture", "apple_silicon", key)
    sheet.unknown("chip", "no_such_key", "the system says only that it is Apple's", key)
    sheet.known("macosMajor", "11", key)
    return
  }
  if (/^VirtualApple @ \d\.\d\dGHz( processor)?$/.test(text)) {
    sheet.known("isTranslated", true, key)
    sheet.unknown("chip", "no_such_key", "under Rosetta the system does not tell it", key)
    return
  }
  const apple = APPLE.exec(text)
  const isPhone = APPLE_PHONE.test(text)
  if (apple === null && !isPhone && !INTEL.test(text)) {
    sheet.unknown("chip", isWhole ? "garbage" : "truncated", `"${shorten(text)}" is no chip's name`, key)
    return
  }
  const endsItself = / Ultra$|\(Virtual\)$|GHz$/.test(text)
  if (!isWhole && !endsItself) {
    sheet.unknown("chip", "truncated", `the line ends after "${text}", and may have been cut there`, key)
    return
  }
  sheet.known("chip", text, key)
  sheet.known("architecture", apple !== null || isPhone ? "apple_silicon" : "intel", key)
  if (apple?.[3] !== undefined) sheet.known("isVirtual", true, key)
}

/** "M3" of "Apple M3 Ultra"; `null` for chips that are none of Apple's for Macs. */
export function generationOf(chip: string): string | null {
  const match = APPLE.exec(chip)
  return match === null ? null : `M${match[1]}`
}
