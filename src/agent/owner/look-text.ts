import type { FactName } from "../../facts/fact-names.ts"
import { registryOf } from "../../facts/ioreg.ts"
import { linesOf } from "../../facts/lines.ts"
import { parseAssertions } from "../../facts/pmset-assertions.ts"
import { isDictionary, isList, type PropertyDictionary } from "../../facts/property-value.ts"
import { type OutputReading, readOutput } from "../../facts/read-output.ts"
import { sysctlTexts } from "../../facts/sysctl.ts"
import { readBootTime } from "../../facts/sysctl-structures.ts"
import { availableIn, parseVmStat } from "../../facts/vm-stat.ts"
import type { Conditions } from "../../presence/conditions.ts"
import { known, type Reading, unknown } from "../../presence/reading.ts"
import type { CommandAnswer } from "./command-shell.ts"

/**
 * What one command printed, or why there is nothing: everything that reads a look is made of this, and gives what is known or why it
 * is not. Pure; `src/facts` has the grammars.
 */
export type Answer = Reading<CommandAnswer>

/** Somebody at the console, by number; the name only where the system tells it. */
export interface ConsolePerson {
  readonly uid: number
  readonly name: string | null
}

export interface ConsoleNow {
  /** `null`: at the login window. */
  readonly person: ConsolePerson | null
  readonly switchedOut: readonly ConsolePerson[]
}

export interface AssertionsNow {
  /** Processes that keep the display on. */
  readonly displayHolders: readonly { readonly pid: number; readonly process: string }[]
  /** In what time the system forgets that somebody was active; `null`: it has forgotten. */
  readonly activeForMs: Reading<number | null>
}

export interface LoginNow {
  readonly user: string
  readonly terminal: string
  readonly from: string
}

/** What an answer says does not change; most are kept for several looks, and read once. */
function oncePerAnswer<T>(read: (answer: Answer) => T): (answer: Answer) => T {
  const readings = new WeakMap<Answer, { readonly reading: T }>()
  return (answer) => {
    const before = readings.get(answer)
    if (before !== undefined) return before.reading
    const reading = read(answer)
    readings.set(answer, { reading })
    return reading
  }
}

/** `ioreg -r -d 1 -c IOHIDSystem`. */
export const idleOf = oncePerAnswer((answer): Reading<number> => {
  return numberOf(answer, "ioreg", "idleMs")
})

/** `ioreg -n Root -d 1`: whether the console is locked. */
export const lockOf = oncePerAnswer((answer): Reading<boolean> => {
  return truthOf(answer, "ioreg", "isScreenLocked")
})

/** `ioreg -n Root -d 1`: who has the console, and who is logged in behind it. */
export const consoleOf = oncePerAnswer((answer): Reading<ConsoleNow> => {
  const has = truthOf(answer, "ioreg", "hasConsoleUser")
  if (!answer.known || !has.known) return has as Reading<never>
  const sessions = registryOf(answer.value.text).flatMap(({ properties }) => {
    const users = properties.get("IOConsoleUsers")
    return isList(users) ? users.filter(isDictionary) : []
  })
  const people = (isShown: boolean) =>
    sessions
      .filter((session) => (session.get("kCGSSessionOnConsoleKey") === true) === isShown)
      .flatMap((session) => personOf(session) ?? [])
  const [person] = people(true)
  if (!has.value) return known({ person: null, switchedOut: people(false) })
  return person === undefined
    ? unknown("who is at the console is not told")
    : known({ person, switchedOut: people(false) })
})

function personOf(session: PropertyDictionary): ConsolePerson | undefined {
  const uid = session.get("kCGSSessionUserIDKey")
  const name = session.get("kCGSSessionUserNameKey")
  if (typeof uid !== "number" || uid < 501) return undefined
  return { uid, name: typeof name === "string" && /^[\w.-]{1,64}$/.test(name) ? name : null }
}

/** `pmset -g systemstate`. */
export const displayOf = oncePerAnswer((answer): Reading<"on" | "asleep"> => {
  const powered = truthOf(answer, "pmset-g-systemstate", "isDisplayPowered")
  return powered.known ? known(powered.value ? "on" : "asleep") : powered
})

/** `pmset -g assertions`. */
export const assertionsOf = oncePerAnswer((answer): Reading<AssertionsNow> => {
  const read = readingOf(answer, "pmset-g-assertions")
  if (!read.known || !answer.known) return read as Reading<never>
  const rows = parseAssertions(answer.value.text)
  const isHeld = read.value.sheet.number("assertionLevel", DISPLAY_KINDS[0]) === 1
  const holders = rows.filter(({ kind }) => DISPLAY_KINDS.includes(kind))
  const levels = read.value.sheet.facts().filter(({ name }) => name === "assertionLevel")
  if (levels.length === 0) return unknown("pmset does not list assertions")
  if (isHeld && holders.length === 0) return unknown("something keeps the display on, and pmset does not tell what")
  const tickles = rows.filter(
    ({ kind, title }) => kind === "UserIsActive" && title.startsWith("com.apple.iohideventsystem"),
  )
  const timeouts = tickles.flatMap(({ timeoutMs }) => timeoutMs ?? [])
  const activeForMs: Reading<number | null> =
    tickles.length === 0
      ? known(null)
      : timeouts.length === 0
        ? unknown("when it was last told of activity is not said")
        : known(Math.max(...timeouts))
  return known({ displayHolders: holders.map(({ pid, program }) => ({ pid, process: program })), activeForMs })
})

const DISPLAY_KINDS = ["PreventUserIdleDisplaySleep", "NoDisplaySleepAssertion"]

const WHO = /^([^\s()]+) +([\w/]+) +[^()]*(?:\((.+)\))? *$/

/** `who`: logins that came over the network, in terminals. Where they came from stands in brackets, in whatever form. */
export const loginsOf = oncePerAnswer((answer): Reading<readonly LoginNow[]> => {
  if (!answer.known) return answer
  const { text, status } = answer.value
  if (status !== 0) return failed("who", status)
  const logins: LoginNow[] = []
  for (const line of linesOf(text)) {
    if (line.text.trim() === "") continue
    const match = line.isSound && line.isTerminated ? WHO.exec(line.text) : null
    if (match === null) return unknown("who says what is not understood")
    const [, user = "", terminal = "", from] = match
    if (from !== undefined) logins.push({ user, terminal, from })
  }
  return known(logins)
})

/** `pmset -g batt`. */
export const powerOf = oncePerAnswer((answer): Pick<Conditions, "power" | "chargePercent"> => {
  const source = textOf(answer, "pmset-g-batt", "powerSource")
  const power = source.known ? POWER[source.value] : undefined
  return {
    power: power !== undefined ? known(power) : source.known ? unknown(`a source called ${source.value}`) : source,
    chargePercent: numberOf(answer, "pmset-g-batt", "batteryPercent"),
  }
})

const POWER: Readonly<Record<string, "mains" | "battery" | "ups">> = { ac: "mains", battery: "battery", ups: "ups" }

/** `pmset -g`: `lowpowermode 1`, or `powermode 1` on Macs that know more modes; where there is neither, there is no such mode. */
export const lowPowerOf = oncePerAnswer((answer): Reading<boolean> => {
  const read = readingOf(answer, "pmset-g")
  if (!read.known) return read
  const { sheet } = read.value
  const modes = ["lowpowermode", "powermode"].map((name) => sheet.number("powerSetting", name))
  if (modes.includes(1)) return known(true)
  const isRead = sheet.facts().some((fact) => fact.known && fact.name === "powerSetting")
  return isRead ? known(false) : unknown("pmset -g tells no settings")
})

/** `vm_stat`: as admission counts. `memoryBytes` is all that the Mac has. */
export function availableOf(answer: Answer, memoryBytes: number | null): Reading<number> {
  if (!answer.known) return answer
  const bytes = availableIn(parseVmStat(answer.value.text, memoryBytes))
  return bytes.known ? known(bytes.value) : failedOr(answer.value, "vm_stat", `of vm_stat: ${bytes.detail}`)
}

/** What the keys of one `sysctl` tell. */
export interface SysctlNow extends Pick<Conditions, "pressure" | "swapUsedBytes"> {
  /** When it woke, or was started, by its wall clock. */
  readonly wokeAtMs: Reading<number>
  readonly load: Reading<number>
  /** All that the Mac has. */
  readonly memoryBytes: Reading<number>
  readonly texts: ReadonlyMap<string, string>
}

export const SYSCTL_KEYS =
  "hw.pagesize vm.page_free_count vm.page_speculative_count vm.page_purgeable_count vm.swapusage kern.memorystatus_vm_pressure_level vm.loadavg kern.waketime kern.boottime hw.memsize"

/** `sysctl -i KEYS`. */
export const sysctlOf = oncePerAnswer((answer): SysctlNow => {
  const read = readingOf(answer, "sysctl")
  const fact = (name: FactName): Reading<unknown> => (read.known ? factOf(read.value, name) : read)
  const level = fact("memoryPressureLevel")
  const loads = fact("loadAverage")
  const texts = answer.known ? sysctlTexts(answer.value.text) : new Map<string, string>()
  // It has not slept since its start: then the time is 0.
  const wokeAtMs = [texts.get("kern.waketime"), texts.get("kern.boottime")]
    .map((text) => (text === undefined ? null : readBootTime(text)))
    .find((time) => time?.known === true)
  return {
    wokeAtMs: wokeAtMs?.known === true ? known(wokeAtMs.value) : unknown("when it woke is not told"),
    load: loads.known && Array.isArray(loads.value) ? known(Number(loads.value[0])) : unknown("its load is not told"),
    pressure: level.known ? known(PRESSURE[Number(level.value)] ?? "normal") : level,
    swapUsedBytes: fact("swapUsedBytes") as Reading<number>,
    memoryBytes: fact("memoryBytes") as Reading<number>,
    texts,
  }
})

const PRESSURE: Readonly<Record<number, "normal" | "warning" | "critical">> = {
  1: "normal",
  2: "warning",
  4: "critical",
}

function readingOf(answer: Answer, hint: string): Reading<OutputReading> {
  if (!answer.known) return answer
  const { text, status } = answer.value
  // What there is of it counts all the same where it can be read: ioreg ends well also when it finds nothing.
  if (text.trim() === "") return failedOr(answer.value, hint, `${hint} prints nothing`)
  return status === 127 ? failed(hint, status) : known(readOutput(text, { hint }))
}

function factOf({ sheet }: OutputReading, name: FactName): Reading<unknown> {
  const fact = sheet.get(name)
  if (fact === undefined) return unknown("it is not told")
  return fact.known ? known(fact.value) : unknown(fact.detail)
}

function typedOf<T>(answer: Answer, hint: string, name: FactName, is: (value: unknown) => value is T): Reading<T> {
  const read = readingOf(answer, hint)
  if (!read.known) return read
  const value = factOf(read.value, name)
  if (!value.known) return value
  return is(value.value) ? known(value.value) : unknown("it is not told")
}

function numberOf(answer: Answer, hint: string, name: FactName): Reading<number> {
  return typedOf(answer, hint, name, (value) => typeof value === "number")
}

function truthOf(answer: Answer, hint: string, name: FactName): Reading<boolean> {
  return typedOf(answer, hint, name, (value) => typeof value === "boolean")
}

function textOf(answer: Answer, hint: string, name: FactName): Reading<string> {
  return typedOf(answer, hint, name, (value) => typeof value === "string")
}

function failedOr({ status }: CommandAnswer, command: string, reason: string): Reading<never> {
  return status === 0 ? unknown(reason) : failed(command, status)
}

function failed(command: string, status: number): Reading<never> {
  return unknown(status === 127 ? `${command} is not there` : `${command} ended with status ${status}`)
}
