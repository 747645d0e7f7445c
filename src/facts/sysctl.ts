import { generationOf, readChipName } from "./chip-name.ts"
import { GENERATION_OF_CPU_FAMILY } from "./chip-table.ts"
import { known, type Reading, unknown } from "./fact.ts"
import type { FactName } from "./fact-names.ts"
import type { FactSheet } from "./fact-sheet.ts"
import { fitLines, type Line, linesOf } from "./lines.ts"
import { MACOS_BUILD, MACOS_VERSION, macosOfDarwin } from "./macos-version.ts"
import { readIdentifier } from "./model-map.ts"
import { readDecimal, readMachineMemory, readWhole, shorten } from "./numbers.ts"
import { readCoreKinds } from "./sysctl-cores.ts"
import { readBootTime, readLoad, readSwap } from "./sysctl-structures.ts"
import { readKernelVersion } from "./uname.ts"

export interface SysctlValue {
  readonly text: string
  readonly isWhole: boolean
  /** What else is said under the same key; `undefined` where nothing is. */
  readonly other?: string
}

/** The first words of keys. A line with another is none, or the rest of one. */
const LINE =
  /^((?:hw|kern|vm|vfs|net|user|debug|machdep|security|iogpu|sysctl|p1003_1b|audit|kpc|ktrace|iokit|apfs|hv|compressor|kperf|ptrauth|memorystatus|rosetta)(?:\.[A-Za-z0-9_%-]+)+)(?:: ?|=)(.*)$/

export function isSysctlLine(text: string): boolean {
  return LINE.test(text)
}

/**
 * `sysctl KEY...`: lines `key: value` (sysctl(8)). A key that the kernel does not know has no line, so positions mean nothing.
 * A key with two different values has none.
 */
export function parseSysctl(lines: readonly Line[], onMisfit?: (text: string) => void): Map<string, SysctlValue> {
  const values = new Map<string, SysctlValue>()
  const fit = (text: string) => {
    const match = LINE.exec(text)
    return match === null ? null : { key: match[1] ?? "", text: (match[2] ?? "").trim() }
  }
  for (const { value, isWhole } of fitLines(lines, fit, onMisfit)) {
    const before = values.get(value.key)
    if (before?.other !== undefined) continue
    if (before !== undefined && before.text !== value.text)
      values.set(value.key, { text: before.text, isWhole: false, other: value.text })
    else values.set(value.key, { text: value.text, isWhole })
  }
  return values
}

/** The same as plain text by key, for callers that judge the values themselves; without keys that say two things. */
export function sysctlTexts(text: string): Map<string, string> {
  return new Map(
    [...parseSysctl(linesOf(text))].flatMap(([key, { text, other }]) => (other === undefined ? [[key, text]] : [])),
  )
}

export function readSysctl(sheet: FactSheet, lines: readonly Line[]): void {
  const all = parseSysctl(lines, (text) => {
    sheet.misfit(text)
    if (/^sysctl\.pr/.test(text))
      sheet.unknown("isTranslated", "truncated", "its key is damaged or cut", "sysctl.proc_")
  })
  const values = new Map([...all].filter(([, { other }]) => other === undefined))
  const numbers = (name: Parameters<FactSheet["take"]>[0], keys: readonly string[], least: number, most: number) => {
    for (const key of keys) {
      const value = values.get(key)
      if (value !== undefined)
        sheet.take(
          name,
          whole(value, (text) => readWhole(text, least, most)),
          key,
        )
    }
  }
  numbers("cpuCores", ["hw.physicalcpu", "hw.physicalcpu_max", "machdep.cpu.core_count"], 1, 128)
  numbers("cpuThreads", ["hw.ncpu", "hw.logicalcpu", "hw.logicalcpu_max", "machdep.cpu.thread_count"], 1, 256)
  numbers("gpuWiredLimitMb", ["iogpu.wired_limit_mb"], 0, 4 * 1024 * 1024)
  numbers("pageBytes", ["hw.pagesize", "vm.pagesize"], 4096, 16384)

  const each = (key: string, use: (value: SysctlValue) => void) => {
    const value = values.get(key)
    if (value !== undefined) use(value)
  }
  // Its own check tells a number that was cut, so the end of the line need not be sure.
  each("hw.memsize", ({ text }) => sheet.take("memoryBytes", readMachineMemory(text), "hw.memsize"))
  each("hw.model", (value) => sheet.take("modelIdentifier", whole(value, readModel), "hw.model"))
  each("machdep.cpu.brand_string", ({ text, isWhole }) =>
    readChipName(sheet, text, "machdep.cpu.brand_string", isWhole),
  )
  each("hw.optional.arm64", (value) => {
    if (value.isWhole && value.text === "1") sheet.known("architecture", "apple_silicon", "hw.optional.arm64")
    const named = sheet.text("chip") ?? sheet.text("modelIdentifier") ?? ""
    const isApples = named.startsWith("Apple ") || readIdentifier(named)?.architecture === "apple_silicon"
    if (value.text === "0" && isApples)
      sheet.spoil("architecture", "contradictory", `it is 0, and this is ${named}`, "hw.optional.arm64")
  })
  each("hw.optional.x86_64", (value) => {
    // Rosetta has this key too, so it says nothing where the processor is Apple's.
    const isApples = values.has("hw.optional.arm64") || sheet.value("architecture") === "apple_silicon"
    if (value.isWhole && value.text === "1" && !isApples) sheet.known("architecture", "intel", "hw.optional.x86_64")
  })
  each("machdep.cpu.vendor", (value) => {
    if (value.isWhole && value.text === "GenuineIntel") sheet.known("architecture", "intel", "machdep.cpu.vendor")
  })
  each("kern.hv_vmm_present", (value) => sheet.take("isVirtual", whole(value, readBit), "kern.hv_vmm_present"))
  each("sysctl.proc_translated", (value) => sheet.take("isTranslated", whole(value, readBit), "sysctl.proc_translated"))
  each("kern.osproductversion", (value) =>
    sheet.take("macosVersion", whole(value, readMatching(MACOS_VERSION)), "kern.osproductversion"),
  )
  each("kern.osversion", (value) => readBuild(sheet, value))
  each("kern.osrelease", (value) =>
    sheet.take("darwinVersion", whole(value, readMatching(/^[12]\d\.\d{1,2}\.\d$/)), "kern.osrelease"),
  )
  each("kern.version", (value) => readKernelVersion(sheet, value.text, "kern.version"))
  each("kern.boottime", ({ text }) => sheet.take("bootTimeMs", readBootTime(text), "kern.boottime"))
  each("vm.swapusage", (value) => readSwap(sheet, value.text))
  each("vm.loadavg", (value) => sheet.take("loadAverage", readLoad(value.text), "vm.loadavg"))
  each("kern.memorystatus_vm_pressure_level", (value) => {
    const level = whole(value, (text) => (/^[124]$/.test(text) ? known(Number(text)) : unknownLevel(text)))
    sheet.take("memoryPressureLevel", level, "kern.memorystatus_vm_pressure_level")
  })
  sayTwofold(sheet, all)
  readCoreKinds(sheet, values)
  checkFamily(sheet, values)
  checkUsableMemory(sheet, values)
}

/** What each key would have told: where it says two things, neither is believed. */
const FACTS_OF_KEYS: readonly (readonly [form: RegExp, names: readonly FactName[]])[] = [
  [/^(hw\.physicalcpu|hw\.physicalcpu_max|machdep\.cpu\.core_count)$/, ["cpuCores"]],
  [/^(hw\.ncpu|hw\.logicalcpu|hw\.logicalcpu_max|machdep\.cpu\.thread_count)$/, ["cpuThreads"]],
  [/^iogpu\.wired_limit_mb$/, ["gpuWiredLimitMb"]],
  [/^(hw|vm)\.pagesize$/, ["pageBytes"]],
  [/^hw\.memsize(_usable)?$/, ["memoryBytes"]],
  [/^hw\.model$/, ["modelIdentifier"]],
  [/^(machdep\.cpu\.brand_string|hw\.cpufamily)$/, ["chip"]],
  [/^(hw\.optional\.(arm64|x86_64)|machdep\.cpu\.vendor)$/, ["architecture"]],
  [/^kern\.hv_vmm_present$/, ["isVirtual"]],
  [/^sysctl\.proc_translated$/, ["isTranslated"]],
  [/^kern\.osproductversion$/, ["macosVersion"]],
  [/^kern\.osversion$/, ["macosBuild"]],
  [/^kern\.(osrelease|version)$/, ["darwinVersion"]],
  [/^kern\.boottime$/, ["bootTimeMs"]],
  [/^vm\.swapusage$/, ["swapTotalBytes", "swapUsedBytes"]],
  [/^vm\.loadavg$/, ["loadAverage"]],
  [/^kern\.memorystatus_vm_pressure_level$/, ["memoryPressureLevel"]],
  [/^hw\.n?perflevel/, ["coreCounts", "coreNames"]],
]

function sayTwofold(sheet: FactSheet, values: ReadonlyMap<string, SysctlValue>): void {
  for (const [key, { text, other }] of values) {
    if (other === undefined) continue
    const detail = `it says "${shorten(text)}", and "${shorten(other)}"`
    for (const [form, names] of FACTS_OF_KEYS) {
      if (form.test(key)) for (const name of names) sheet.spoil(name, "contradictory", detail, key)
    }
  }
}

/** A value, but only when its line surely ends where it seems to. */
function whole<Value>({ text, isWhole }: SysctlValue, read: (text: string) => Reading<Value>): Reading<Value> {
  const reading = read(text)
  if (!reading.known || isWhole) return reading
  return unknown("truncated", `the line ends after "${shorten(text)}", and may have been cut there`)
}

function readBit(text: string): Reading<boolean> {
  return text === "0" || text === "1" ? known(text === "1") : unknown("garbage", `"${shorten(text)}" is not 0 or 1`)
}

function readModel(text: string): Reading<string> {
  return readIdentifier(text) === null ? unknown("garbage", `"${shorten(text)}" is no model's identifier`) : known(text)
}

function readMatching(pattern: RegExp): (text: string) => Reading<string> {
  return (text) => (pattern.test(text) ? known(text) : unknown("garbage", `"${shorten(text)}" is no version`))
}

function unknownLevel(text: string): Reading<number> {
  return unknown("implausible", `"${shorten(text)}" is not 1, 2 or 4`)
}

function readBuild(sheet: FactSheet, value: SysctlValue): void {
  const build = whole(value, readMatching(MACOS_BUILD))
  sheet.take("macosBuild", build, "kern.osversion")
  const macos = build.known ? macosOfDarwin(Number(build.value.slice(0, 2))) : null
  if (macos !== null) sheet.known("macosMajor", macos, "kern.osversion")
}

/** `hw.cpufamily` names the generation, so that a chip's name with a wrong digit is not believed. */
function checkFamily(sheet: FactSheet, values: ReadonlyMap<string, SysctlValue>): void {
  const family = values.get("hw.cpufamily")
  const chip = sheet.text("chip")
  if (family === undefined || chip === null || sheet.value("isVirtual") === true) return
  const expected = GENERATION_OF_CPU_FAMILY.get(Number(family.text))
  if (expected !== undefined && generationOf(chip) !== expected) {
    sheet.spoil("chip", "contradictory", `the name is ${chip}, hw.cpufamily is of ${expected}`, "hw.cpufamily")
  }
}

/** The kernel keeps some per cent of the memory for itself; more or less than that tells of a damaged number. */
function checkUsableMemory(sheet: FactSheet, values: ReadonlyMap<string, SysctlValue>): void {
  const usable = values.get("hw.memsize_usable")
  const memory = sheet.number("memoryBytes")
  if (usable === undefined || memory === null || !usable.isWhole) return
  const share = readDecimal(usable.text, 1, Number.MAX_SAFE_INTEGER)
  if (share.known && (share.value > memory || share.value < memory * 0.8)) {
    sheet.spoil(
      "memoryBytes",
      "contradictory",
      `of ${memory} bytes ${usable.text} would be usable`,
      "hw.memsize_usable",
    )
  }
}
