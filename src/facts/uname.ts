import { chipsOfSoc } from "./chip-table.ts"
import type { FactSheet } from "./fact-sheet.ts"
import type { Line } from "./lines.ts"
import { macosOfDarwin } from "./macos-version.ts"
import { shorten } from "./numbers.ts"

const FORM =
  /^Darwin Kernel Version ([12]\d)\.(\d{1,2})\.(\d): (Sun|Mon|Tue|Wed|Thu|Fri|Sat) [A-Z][a-z]{2} [ 123]\d \d\d:\d\d:\d\d P[DS]T \d{4}; root:xnu[-\w.~]+\/RELEASE_(X86_64|ARM64_(T\d{4}|VMAPPLE))$/

export function isKernelVersion(text: string): boolean {
  return text.startsWith("Darwin Kernel Version ")
}

/**
 * `kern.version` and `uname -v` (uname(1)): `Darwin Kernel Version 25.4.0: ...; root:xnu-12377.101.15~1/RELEASE_ARM64_T6041`.
 * The last word names the SoC the kernel is for, which may be a smaller sibling's; VMAPPLE is the kernel of virtual machines.
 * Without that word the text was cut, and nothing of it is believed.
 */
export function readKernelVersion(sheet: FactSheet, text: string, key: string): void {
  const match = FORM.exec(text)
  if (match === null) {
    sheet.unknown("darwinVersion", "garbage", `"${shorten(text)}" is no version of a kernel`, key)
    return
  }
  const [, major = "", minor, patch, , kernel = "", soc] = match
  sheet.known("darwinVersion", `${major}.${minor}.${patch}`, key)
  const macos = macosOfDarwin(Number(major))
  if (macos !== null) sheet.known("macosMajor", macos, key)
  sheet.known("architecture", kernel === "X86_64" ? "intel" : "apple_silicon", key)
  if (soc === "VMAPPLE") sheet.known("isVirtual", true, key)
  else if (soc !== undefined) {
    const chips = chipsOfSoc(soc)
    if (chips === null) sheet.unknown("chipFamily", "not_in_table", `the tables do not have ${soc}`, key)
    else sheet.known("chipFamily", chips, key)
  }
}

/** `uname -v`, one line. */
export function readUname(sheet: FactSheet, lines: readonly Line[]): void {
  for (const line of lines) {
    if (!isKernelVersion(line.text) || !line.isSound) sheet.misfit(line.text)
    // A cut SoC name has less than four digits and does not fit.
    else readKernelVersion(sheet, line.text, "uname -v")
  }
  sheet.expect(["darwinVersion", "macosMajor", "architecture", "chipFamily"], "uname -v")
}
