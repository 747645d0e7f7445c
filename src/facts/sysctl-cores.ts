import type { FactSheet } from "./fact-sheet.ts"
import { readWhole } from "./numbers.ts"
import type { SysctlValue } from "./sysctl.ts"

const KEY = "hw.perflevelN"

/**
 * The kinds of cores: `hw.perflevelN.physicalcpu` and, since macOS 13, `hw.perflevelN.name`; level 0 is the fastest. They are
 * believed only as far as they add up: a missing level would make a Mac smaller than it is. Intel Macs have no levels, or,
 * since macOS 15, `hw.nperflevels` of 1.
 */
export function readCoreKinds(sheet: FactSheet, values: ReadonlyMap<string, SysctlValue>): void {
  const levels = [...values.keys()].flatMap((key) => {
    const level = /^hw\.perflevel(\d)\./.exec(key)?.[1]
    return level === undefined ? [] : [Number(level)]
  })
  if (levels.length === 0) return
  const count = Math.max(...levels) + 1
  const expected = values.get("hw.nperflevels")
  if (expected?.isWhole === true && expected.text !== String(count)) {
    const detail = `hw.nperflevels is ${expected.text}, and ${count} are listed`
    sheet.unknown("coreCounts", "contradictory", detail, "hw.nperflevels")
    sheet.unknown("coreNames", "contradictory", detail, "hw.nperflevels")
    return
  }
  const counts: number[] = []
  const names: string[] = []
  for (let level = 0; level < count; level++) {
    const cores = levelCores(values, level)
    if (cores !== null) counts.push(cores)
    const name = values.get(`hw.perflevel${level}.name`)
    if (name?.isWhole === true && isKind(name.text)) names.push(name.text)
  }
  const isConfirmed = expected?.isWhole === true
  const total = sheet.number("cpuCores") ?? sheet.number("cpuThreads")
  const sum = counts.reduce((before, cores) => before + cores, 0)
  if (counts.length < count) sheet.unknown("coreCounts", "truncated", "a kind of core has no number", KEY)
  else if (total !== null && sum !== total)
    sheet.unknown("coreCounts", "contradictory", `the kinds have ${sum} cores, the machine ${total}`, KEY)
  else if (total === null && !isConfirmed)
    sheet.unknown("coreCounts", "truncated", "nothing says whether these are all kinds of cores", KEY)
  else sheet.known("coreCounts", counts, KEY)

  if (names.length === 0) sheet.unknown("coreNames", "no_such_key", "macOS 12 and older name no kinds", `${KEY}.name`)
  else if (names.length < count) sheet.unknown("coreNames", "truncated", "a kind of core has no name", `${KEY}.name`)
  else if (!isConfirmed && (total === null || sum !== total))
    sheet.unknown("coreNames", "truncated", "nothing says whether these are all kinds of cores", `${KEY}.name`)
  else sheet.known("coreNames", names, `${KEY}.name`)
}

/** A name that begins as a known one, and is none, has lost something; another may be a new one. */
function isKind(name: string): boolean {
  return KINDS.includes(name) || (/^[A-Z][a-z]{3,14}$/.test(name) && !KINDS.some((kind) => kind[0] === name[0]))
}

const KINDS = ["Super", "Performance", "Efficiency", "Standard"]

/** All keys of a level that count its cores must agree; a core of Apple's has one thread. */
function levelCores(values: ReadonlyMap<string, SysctlValue>, level: number): number | null {
  let cores: number | null = null
  for (const part of ["physicalcpu", "physicalcpu_max", "logicalcpu", "logicalcpu_max"]) {
    const value = values.get(`hw.perflevel${level}.${part}`)
    if (value === undefined) continue
    const read = readWhole(value.text, 1, 128)
    if (!read.known || !value.isWhole || (cores !== null && cores !== read.value)) return null
    cores = read.value
  }
  return cores
}
