import { generationOf } from "./chip-name.ts"
import { CHIPS, fp32Tflops } from "./chip-table.ts"
import type { UnknownReason } from "./fact.ts"
import type { FactSheet } from "./fact-sheet.ts"
import { isAtLeast, isOfDarwin, OLDEST_MACOS } from "./macos-version.ts"
import { MODELS, readIdentifier } from "./model-map.ts"

const TABLE = "chip table"
const MODEL = "model table"
const VERDICT = "verdict"
/** Why a value that is there is not known. */
const DAMAGED: ReadonlySet<UnknownReason> = new Set(["truncated", "garbage", "implausible", "contradictory"])

/**
 * What follows from facts together, after all of an output (or of all outputs of one Mac) was read: contradictions between
 * model, chip, GPU and memory make them unknown; then names, form, bandwidth, speed, and whether it can be a host.
 */
export function concludeMachine(sheet: FactSheet): void {
  checkModelAndChip(sheet)
  checkChipAndSize(sheet)
  checkVersion(sheet)
  nameModel(sheet)
  addChipFacts(sheet)
  judge(sheet)
}

function checkModelAndChip(sheet: FactSheet): void {
  const model = sheet.text("modelIdentifier")
  const chip = sheet.text("chip")
  const row = model === null ? undefined : MODELS.get(model)
  if (row !== undefined && chip !== null && row.chip !== chip && sheet.value("isVirtual") !== true) {
    const detail = `${model} has ${row.chip}, and the chip's name is ${chip}`
    sheet.spoil("modelIdentifier", "contradictory", detail, MODEL)
    spoilChip(sheet, detail, MODEL)
  }
  const family = sheet.text("chipFamily")
  const named = sheet.text("chip")
  if (family !== null && named !== null && CHIPS.has(named) && !family.split(" or ").includes(named.slice(6))) {
    const detail = `the kernel is for ${family}, and the chip's name is ${named}`
    spoilChip(sheet, detail, TABLE)
    sheet.spoil("chipFamily", "contradictory", detail, TABLE)
  }
}

/** With the chip goes what the table was asked for by its name. */
function spoilChip(sheet: FactSheet, detail: string, key: string): void {
  sheet.spoil("chip", "contradictory", detail, key)
  for (const name of ["coreCounts", "coreNames"] as const) {
    if (sheet.get(name)?.key.endsWith(`with the ${TABLE}`)) sheet.spoil(name, "contradictory", detail, key)
  }
}

function checkChipAndSize(sheet: FactSheet): void {
  const chip = sheet.text("chip")
  const generation = sheet.text("gpuGeneration")
  if (chip !== null && generation !== null && generationOf(chip) !== null && generationOf(chip) !== generation) {
    const detail = `the GPU's driver is for ${generation}, and the chip's name is ${chip}`
    spoilChip(sheet, detail, TABLE)
    sheet.spoil("gpuGeneration", "contradictory", detail, TABLE)
    sheet.spoil("gpuModel", "contradictory", detail, TABLE)
    return
  }
  const row = chip === null ? undefined : CHIPS.get(chip)
  const memory = sheet.number("memoryBytes")
  if (row === undefined) return
  if (memory !== null && memory > row.mostMemoryGib * 1024 ** 3) {
    sheet.spoil("memoryBytes", "implausible", `${chip} has at most ${row.mostMemoryGib} GB`, TABLE)
  }
  const gpuCores = sheet.number("gpuCores")
  if (gpuCores !== null && !row.bins.some((bin) => bin.gpuCores === gpuCores)) {
    sheet.spoil("gpuCores", "implausible", `${chip} is not sold with ${gpuCores} GPU cores`, TABLE)
  }
}

/** Version, build and kernel are of one system. */
function checkVersion(sheet: FactSheet): void {
  const version = sheet.text("macosVersion")
  const darwin = Number.parseInt(sheet.text("darwinVersion") ?? sheet.text("macosBuild") ?? "", 10)
  if (version === null || Number.isNaN(darwin) || isOfDarwin(version, darwin)) return
  for (const name of ["macosVersion", "macosBuild", "darwinVersion", "macosMajor"] as const) {
    if (sheet.get(name) === undefined) continue
    sheet.spoil(name, "contradictory", `macOS ${version} does not go with Darwin ${darwin}`, "versions")
  }
}

function nameModel(sheet: FactSheet): void {
  const model = sheet.text("modelIdentifier")
  if (model === null) return
  const told = readIdentifier(model)
  if (told !== null) {
    sheet.known("architecture", told.architecture, MODEL)
    if (told.isVirtual) sheet.known("isVirtual", true, MODEL)
  }
  const row = MODELS.get(model)
  if (row === undefined) {
    sheet.unknown("modelName", "not_in_table", `the tables do not have ${model}`, MODEL)
    return
  }
  sheet.known("modelName", row.name, MODEL)
  sheet.known("formFactor", row.form, MODEL)
  // A virtual machine has an identifier of its own.
  sheet.known("isVirtual", false, MODEL)
}

function addChipFacts(sheet: FactSheet): void {
  const chip = sheet.text("chip")
  const gpuCores = sheet.number("gpuCores")
  if (chip === null || sheet.value("isVirtual") === true || sheet.value("architecture") === "intel") return
  const row = CHIPS.get(chip)
  if (row === undefined) {
    for (const name of ["memoryBandwidthGbPerS", "gpuFp32Tflops"] as const) {
      sheet.unknown(name, "not_in_table", `the tables do not have ${chip}`, TABLE)
    }
    return
  }
  const bandwidths = new Set(row.bins.map((bin) => bin.bandwidthGbPerS))
  const bin = row.bins.find((one) => one.gpuCores === gpuCores)
  const bandwidth = bin?.bandwidthGbPerS ?? (bandwidths.size === 1 ? row.bins[0]?.bandwidthGbPerS : undefined)
  if (bandwidth !== undefined) sheet.known("memoryBandwidthGbPerS", bandwidth, TABLE)
  else sheet.unknown("memoryBandwidthGbPerS", "no_such_key", `${chip} has two, told apart by its GPU cores`, TABLE)
  if (bin !== undefined) sheet.known("gpuFp32Tflops", fp32Tflops(row, bin.gpuCores), TABLE)
  else sheet.unknown("gpuFp32Tflops", "no_such_key", "it depends on the number of GPU cores", TABLE)
}

/** One reason against suffices; for a host all must be known not to hold. */
function judge(sheet: FactSheet): void {
  const against = reasonsAgainst(sheet)
  for (const reason of against) sheet.known("refusal", true, VERDICT, reason)
  if (against.length > 0) {
    sheet.known("hostVerdict", "refused", VERDICT)
    return
  }
  if (sheet.text("macosVersion") === null && sheet.text("modelIdentifier") === null) return
  const isNative = sheet.truth("isTranslated") === false || isNativeByName(sheet)
  const missing = [
    sheet.text("architecture") === null && "kind of processor",
    !isNative && "whether it ran under Rosetta",
    sheet.truth("isVirtual") === null && "whether it is a virtual machine",
    sheet.text("macosVersion") === null && "version of macOS",
  ].filter((one) => one !== false)
  if (missing.length === 0) sheet.known("hostVerdict", "accepted", VERDICT)
  else sheet.unknown("hostVerdict", "no_such_key", `nothing against it, but not known: ${missing.join(", ")}`, VERDICT)
}

/**
 * Under Rosetta the model and the version are those of the Mac itself; only the chip's name is not Apple's there. It stands for
 * `sysctl.proc_translated` where that is absent, not where it is there and damaged.
 */
function isNativeByName(sheet: FactSheet): boolean {
  const told = sheet.get("isTranslated")
  const isDamaged = told?.known === false && DAMAGED.has(told.reason)
  return !isDamaged && sheet.text("chip")?.startsWith("Apple ") === true
}

function reasonsAgainst(sheet: FactSheet): string[] {
  const version = sheet.text("macosVersion")
  const major = sheet.text("macosMajor")
  const oldestMajor = OLDEST_MACOS.split(".")[0] ?? ""
  const isTooOld =
    (version !== null && !isAtLeast(version, OLDEST_MACOS)) || (major !== null && !isAtLeast(major, oldestMajor))
  return [
    sheet.truth("isTranslated") === true && "rosetta",
    sheet.text("architecture") === "intel" && "intel_mac",
    sheet.truth("isVirtual") === true && "virtual_machine",
    isTooOld && "macos_too_old",
  ].filter((reason) => reason !== false)
}
