import type { FactSheet } from "./fact-sheet.ts"
import { fitLines, type Line } from "./lines.ts"
import { isOfDarwin, MACOS_BUILD, MACOS_VERSION, macosOfDarwin } from "./macos-version.ts"
import { shorten } from "./numbers.ts"

const LINE = /^(ProductName|ProductVersion|ProductVersionExtra|BuildVersion):\t+(.*)$/
const FORMS = {
  ProductVersion: { name: "macosVersion", form: MACOS_VERSION },
  ProductVersionExtra: { name: "macosExtra", form: /^\([a-z]\)$/ },
  BuildVersion: { name: "macosBuild", form: MACOS_BUILD },
} as const

/** `sw_vers` (sw_vers(1)): lines `ProductVersion:` with one or two tabs; since macOS 13 perhaps `ProductVersionExtra`. */
export function readSwVers(sheet: FactSheet, lines: readonly Line[]): void {
  const fit = (text: string) => {
    const match = LINE.exec(text)
    return match === null ? null : ([match[1] ?? "", match[2] ?? ""] as const)
  }
  for (const { value, isWhole } of fitLines(lines, fit, (text) => sheet.misfit(text))) {
    const [key, text] = value
    if (!(key in FORMS)) continue
    const { name, form } = FORMS[key as keyof typeof FORMS]
    if (!form.test(text)) sheet.unknown(name, "garbage", `"${shorten(text)}" is none`, key)
    else if (!isWhole) sheet.unknown(name, "truncated", `the line may have been cut after "${text}"`, key)
    else sheet.known(name, text, key)
  }
  const version = sheet.text("macosVersion")
  const build = sheet.text("macosBuild")
  if (build !== null) {
    const major = Number(build.slice(0, 2))
    const macos = macosOfDarwin(major)
    if (version !== null && !isOfDarwin(version, major)) {
      for (const name of ["macosVersion", "macosBuild"] as const) {
        sheet.spoil(name, "contradictory", `build ${build} is none of macOS ${version}`, "BuildVersion")
      }
    } else if (macos !== null) sheet.known("macosMajor", macos, "BuildVersion")
  }
  sheet.expect(["macosVersion", "macosBuild"], "sw_vers")
}
