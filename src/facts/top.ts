import type { FactName } from "./fact-names.ts"
import type { FactSheet } from "./fact-sheet.ts"
import type { Line } from "./lines.ts"
import { linesOf } from "./lines.ts"
import { readAmount, readDecimal } from "./numbers.ts"
import { readLoad } from "./sysctl-structures.ts"

export interface TopUsage {
  /** As macOS counts it, Metal's memory too. */
  readonly memoryBytes: number
  readonly cpuMs: number | null
}

const UNITS: Readonly<Record<string, number>> = { B: 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 }

/**
 * `top -l 1 -stats pid,mem,time` (top(1)): after its head, lines `PID MEM TIME`, memory with a unit and perhaps a sign of growth,
 * time as `MM:SS.cc`, from some hours on as `HH:MM:SS`, later `N hrs`: `512 38M+ 00:01.42`.
 */
export function parseTop(text: string): Map<number, TopUsage> {
  const usage = new Map<number, TopUsage>()
  for (const line of linesOf(text)) {
    const match = /^\s*(\d+)\*?\s+(\d+(?:\.\d+)?)([BKMGT])[+-]?(?:\s+(\S+(?: hrs)?))?\s*$/.exec(line.text)
    if (match === null) continue
    const [, pid, amount, unit = "", time = ""] = match
    usage.set(Number(pid), { memoryBytes: Number(amount) * (UNITS[unit] ?? 1), cpuMs: parseTopTime(time) })
  }
  return usage
}

function parseTopTime(text: string): number | null {
  const whole = /^(\d+) hrs$/.exec(text)
  if (whole !== null) return Number(whole[1]) * 3_600_000
  const parts = /^(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)[+-]?$/.exec(text)
  if (parts === null) return null
  const [, hours = "0", minutes, seconds] = parts
  return Math.round(((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000)
}

const TIME = /^(\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d)$/
/** In some locales with decimal commas. */
const CPU = /^CPU usage: ([\d.,]+)% user, ([\d.,]+)% sys, ([\d.,]+)% idle ?$/
const LOAD = /^Load Avg: (\d+[.,]\d+), (\d+[.,]\d+), (\d+[.,]\d+) ?$/
const MEMORY = /^PhysMem: (\S+) used \(\S+ wired(?:, \S+ compressor)?\), (\S+) unused\.$/

const LINES: readonly { readonly begins: string; readonly form: RegExp; readonly name: FactName }[] = [
  { begins: "CPU usage:", form: CPU, name: "cpuBusyPercent" },
  { begins: "Load Avg:", form: LOAD, name: "loadAverage" },
  { begins: "PhysMem:", form: MEMORY, name: "physicalMemoryUsedBytes" },
]

/**
 * The head of `top -l N`: each look has its time, by which its facts are told apart, since the first look's CPU is the mean since
 * boot. User, system and idle make 100 %, which tells a damaged number.
 */
export function readTop(sheet: FactSheet, lines: readonly Line[]): void {
  let time: string | undefined
  for (const { text, isSound, isTerminated } of lines) {
    const told = LINES.find(({ begins }) => text.startsWith(begins))
    if (told !== undefined && (!isSound || !isTerminated || time === undefined || !told.form.test(text))) {
      const key = told.begins.slice(0, -1)
      if (isSound && !isTerminated) sheet.unknown(told.name, "truncated", "the line may have been cut", key, time)
      else if (isSound && told.form.test(text)) sheet.unknown(told.name, "truncated", "its time is missing", key, time)
      else sheet.unknown(told.name, "garbage", "the line is not understood", key, time)
    }
    if (!isSound || !isTerminated) continue
    // Without its time, a look's numbers would be taken for those of the look before.
    if (/^Processes: \d+ total/.test(text)) time = undefined
    time = TIME.exec(text)?.[1] ?? time
    const cpu = CPU.exec(text)
    if (cpu !== null && time !== undefined) {
      const [user, system, idle] = cpu.slice(1).map((part) => readDecimal(part.replace(",", "."), 0, 100))
      const values = [user, system, idle].map((part) => (part?.known ? part.value : Number.NaN))
      const sum = values.reduce((before, value) => before + value, 0)
      if (!(Math.abs(sum - 100) < 0.05))
        sheet.unknown("cpuBusyPercent", "contradictory", `user, system and idle make ${sum} %`, "CPU usage", time)
      else
        sheet.known("cpuBusyPercent", Math.round(((values[0] ?? 0) + (values[1] ?? 0)) * 100) / 100, "CPU usage", time)
    }
    const load = LOAD.exec(text)
    if (load !== null && time !== undefined)
      sheet.take("loadAverage", readLoad(`{ ${load.slice(1).join(" ")} }`), "Load Avg", time)
    const memory = MEMORY.exec(text)
    if (memory !== null && time !== undefined)
      sheet.take("physicalMemoryUsedBytes", readAmount(memory[1] ?? ""), "PhysMem", time)
  }
  readRows(sheet, lines)
}

/** Rows under a head that names the columns; MEM is read where the head has it, by place under the head's words. */
function readRows(sheet: FactSheet, lines: readonly Line[]): void {
  const head = lines.find(({ text }) => /^PID\b.*\bMEM\b/.test(text))?.text
  if (head === undefined) return
  const from = head.indexOf("MEM")
  for (const { text, isSound, isTerminated } of lines.slice(lines.findIndex((line) => line.text === head) + 1)) {
    const pid = /^([1-9]\d{0,5})\*? /.exec(text)?.[1]
    const amount = /^(\d+[BKMGT])[+-]? /.exec(text.slice(from))?.[1]
    if (!isSound || !isTerminated || pid === undefined || amount === undefined || text[from - 1] !== " ") continue
    sheet.take("processFootprintBytes", readAmount(amount), "MEM", pid)
  }
}

/** `footprint -p PID` (footprint(1)): `NAME [PID]: 64-bit    Footprint: 2272 KB (16384 bytes per page)`. */
export function readFootprint(sheet: FactSheet, lines: readonly Line[]): void {
  for (const { text, isSound } of lines) {
    const match =
      /^\S.* \[([1-9]\d{0,5})\]: (?:64|32)-bit {4}Footprint: (\d+(?:\.\d+)? (?:[KMGT]?B|bytes)) \((\d+) bytes per page\)$/.exec(
        text,
      )
    if (match === null) {
      if (/Footprint:/.test(text)) sheet.misfit(text)
      continue
    }
    if (!isSound) continue
    const amount = (match[2] ?? "").replace(" bytes", " B")
    sheet.take("processFootprintBytes", readAmount(amount), "Footprint", match[1])
  }
}

export function isTopHead(text: string): boolean {
  return /^Processes: \d+ total, /.test(text) || CPU.test(text) || MEMORY.test(text)
}
