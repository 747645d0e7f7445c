import type { FactName } from "./fact-names.ts"
import type { FactSheet } from "./fact-sheet.ts"
import { fitLines, type Line } from "./lines.ts"
import { MACOS_BUILD, macosOfDarwin } from "./macos-version.ts"
import { readIdentifier } from "./model-map.ts"
import { readDecimal, readWhole, shorten } from "./numbers.ts"

const SAMPLE =
  /^\*\*\* Sampled system activity \(([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4} [+-]\d{4})\) \([\d.]+ms elapsed\) \*\*\*$/

/** The numbers of one look, by key, and by section where sections say the same twice. */
type Look = Map<string, string | null>

/**
 * `powermetrics` as text (powermetrics(1); needs root). With several looks each has its time, by which its facts are told
 * apart. Checked where parts make a whole: busy and idle 100 %, CPU and GPU and ANE the combined power.
 */
export function readPowermetrics(sheet: FactSheet, lines: readonly Line[]): void {
  const looks = new Map<string | undefined, Look>([[undefined, new Map()]])
  let at: string | undefined
  let section = ""
  const fit = (text: string) => {
    if (/^\*\*\*\*? .+ \*\*\*\*?$/.test(text)) return { key: "", text }
    const match = /^([A-Za-z][\w ()+-]*?): +(.*)$|^([A-Za-z ]+):\s*$/.exec(text)
    return match === null ? null : { key: match[1] ?? match[3] ?? "", text: match[2] ?? "" }
  }
  for (const { value, isWhole } of fitLines(lines, fit, (text) => sheet.misfit(text))) {
    const sample = SAMPLE.exec(value.text)?.[1]
    if (value.key === "Machine model") readModel(sheet, value.text, isWhole)
    else if (value.key === "OS version") readBuild(sheet, value.text, isWhole)
    else if (sample !== undefined) {
      at = sample
      looks.set(at, looks.get(at) ?? new Map())
      section = ""
    } else if (value.key === "") section = value.text
    else {
      const look = looks.get(at)
      const key = value.key === "GPU Power" && /GPU usage/.test(section) ? "GPU Power of GPU usage" : value.key
      const isDoubled = look?.has(key) === true && look.get(key) !== value.text
      look?.set(key, isDoubled || !isWhole ? null : value.text)
    }
  }
  // What stands before the head of the first look is of one whose head is lost.
  if (looks.size > 1) looks.delete(undefined)
  for (const [time, look] of looks) readLook(sheet, look, time)
}

function readLook(sheet: FactSheet, look: Look, of: string | undefined): void {
  const busy = percentOf(look.get("GPU HW active residency"))
  const idle = percentOf(look.get("GPU idle residency"))
  if (look.has("GPU HW active residency")) {
    const key = "GPU HW active residency"
    if (busy === null || idle === null)
      sheet.unknown("gpuBusyPercent", "truncated", "busy or idle is damaged or missing", key, of)
    else if (Math.abs(busy + idle - 100) > 0.05)
      sheet.unknown("gpuBusyPercent", "contradictory", `${busy} % busy and ${idle} % idle`, key, of)
    else sheet.known("gpuBusyPercent", busy, key, of)
  }
  const [cpu, gpu, ane, all] = ["CPU Power", "GPU Power", "ANE Power", "Combined Power (CPU + GPU + ANE)"].map((key) =>
    milliwattsOf(look.get(key)),
  )
  const isTrue = cpu != null && gpu != null && ane != null && all != null && Math.abs(cpu + gpu + ane - all) <= 3
  const powers: readonly (readonly [FactName, string, number | null | undefined])[] = [
    ["cpuPowerMw", "CPU Power", cpu],
    ["gpuPowerMw", "GPU Power", gpu],
  ]
  for (const [name, key, power] of powers) {
    if (!look.has(key)) continue
    if (isTrue && power != null) sheet.known(name, power, key, of)
    else sheet.unknown(name, "contradictory", "the parts are not the combined power, or one is missing", key, of)
  }
  const frequency = /^(\d+) MHz$/.exec(look.get("GPU HW active frequency") ?? "")?.[1]
  if (frequency !== undefined)
    sheet.take("gpuFrequencyMhz", readWhole(frequency, 0, 5000), "GPU HW active frequency", of)
  else if (look.has("GPU HW active frequency"))
    sheet.unknown(
      "gpuFrequencyMhz",
      "garbage",
      "its value is damaged, cut, or there twice",
      "GPU HW active frequency",
      of,
    )
}

/** `7.27% (338 MHz: ...)`: the list in brackets must be closed, or the line was cut. */
function percentOf(text: string | null | undefined): number | null {
  const match = /^ *(\d{1,3}\.\d\d)%(?: \(.*\))? *$/.exec(text ?? "")
  const read = match === null ? null : readDecimal(match[1] ?? "", 0, 100)
  return read?.known === true ? read.value : null
}

function milliwattsOf(text: string | null | undefined): number | null {
  const digits = /^(\d+) mW$/.exec(text ?? "")?.[1]
  const read = digits === undefined ? null : readWhole(digits, 0, 1_000_000)
  return read?.known === true ? read.value : null
}

function readModel(sheet: FactSheet, text: string, isWhole: boolean): void {
  if (isWhole && readIdentifier(text) !== null) sheet.known("modelIdentifier", text, "Machine model")
  else sheet.unknown("modelIdentifier", "garbage", `"${shorten(text)}" is no identifier`, "Machine model")
}

function readBuild(sheet: FactSheet, text: string, isWhole: boolean): void {
  if (!isWhole || !MACOS_BUILD.test(text)) {
    sheet.unknown("macosBuild", "garbage", `"${shorten(text)}" is no build`, "OS version")
    const macos = /^(\d\d)[A-Z]\d/.exec(text)?.[1]
    const major = macos === undefined ? null : macosOfDarwin(Number(macos))
    if (major !== null) sheet.known("macosMajor", major, "OS version")
    return
  }
  sheet.known("macosBuild", text, "OS version")
  const macos = macosOfDarwin(Number(text.slice(0, 2)))
  if (macos !== null) sheet.known("macosMajor", macos, "OS version")
}
