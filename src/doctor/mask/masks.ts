import { type AddressKind, maskAddresses, maskCutAddresses } from "./addresses.ts"
import type { FoundSecrets } from "./find-secrets.ts"

export type MaskKind = AddressKind | "serial" | "name" | "text"

/** What an assertion against sleep calls itself, where a program of Apple's says so; else it may be a film's title. */
const KNOWN_REASONS =
  /^(com\.apple\.[\w.-]+|caffeinate command-line tool|Powerd - [\w ]+|PreventUserIdle\w+|\w+IdleSleep\w*|Windfall[\w ]*)$/

/**
 * Replaces what tells of one machine and its people by masks of the same form. One for all texts of a record: a value has the same
 * mask everywhere, and no two values of a kind have the same one.
 */
export class Masks {
  readonly #numbers = new Map<string, number>()
  readonly #counts = new Map<MaskKind, number>()
  readonly #literals: ReadonlyMap<string, string>
  readonly #pattern: RegExp | null

  constructor({ serials, names }: FoundSecrets) {
    const literals = new Map<string, string>()
    for (const serial of serials) literals.set(serial.toLowerCase(), this.#serialMask(serial))
    for (const name of names) {
      const key = name.toLowerCase()
      if (!literals.has(key)) literals.set(key, `name${this.#numberOf("name", key)}`)
    }
    this.#literals = literals
    // The longest first: a name may be a part of another.
    const all = [...literals.keys()].sort((a, b) => b.length - a.length).map((one) => RegExp.escape(one))
    this.#pattern =
      all.length === 0 ? null : new RegExp(`(?<![\\p{L}\\p{N}])(?:${all.join("|")})(?![\\p{L}\\p{N}])`, "giu")
  }

  /** How many different values of each kind were masked. */
  get counts(): Readonly<Partial<Record<MaskKind, number>>> {
    return Object.fromEntries(this.#counts)
  }

  /** @param file its name tells of two commands what is in them besides */
  mask(text: string, file = ""): string {
    const literal = this.#pattern === null ? text : text.replace(this.#pattern, (found) => this.#literalOf(found))
    const placed = file.startsWith("who") ? inColumns(text, literal) : literal
    const known = file.startsWith("pmset-g-assertions") ? this.#maskReasons(placed) : placed
    const plain = file.startsWith("ioreg-AppleSmartBattery") ? maskBatteryData(known) : known
    const linked = file.includes("Thunderbolt") ? this.#maskSwitches(plain) : plain
    const routed = file.startsWith("netstat") ? maskNetworks(linked) : linked
    const numberOf = (kind: AddressKind, value: string) => this.#numberOf(kind, value)
    return maskAddresses(file.startsWith("netstat") ? maskCutAddresses(routed, numberOf) : routed, numberOf)
  }

  /** Whether a text still has one of the names or serial numbers. */
  has(text: string): boolean {
    if (this.#pattern === null) return false
    this.#pattern.lastIndex = 0
    return this.#pattern.test(text)
  }

  #literalOf(found: string): string {
    return this.#literals.get(found.toLowerCase()) ?? "name0"
  }

  #numberOf(kind: MaskKind, value: string): number {
    const key = `${kind} ${value}`
    let number = this.#numbers.get(key)
    if (number === undefined) {
      number = (this.#counts.get(kind) ?? 0) + 1
      this.#counts.set(kind, number)
      this.#numbers.set(key, number)
    }
    return number
  }

  /** As long as it was, and of digits where it was of digits. */
  #serialMask(serial: string): string {
    const number = String(this.#numberOf("serial", serial.toLowerCase()))
    if (/^\d+$/.test(serial)) return `9${number.padStart(Math.max(0, serial.length - 1), "0")}`
    if (/^0x[0-9a-f]+$/i.test(serial)) return `0x${number.padStart(serial.length - 2, "0")}`
    return `X${number.padStart(Math.max(0, serial.length - 1), "0")}`
  }

  /** `named: "..."` and `Details: ...` and `Localized=...` of pmset -g assertions. */
  #maskReasons(text: string): string {
    const masked = (reason: string) => {
      if (KNOWN_REASONS.test(reason)) return reason
      return `masked text ${this.#numberOf("text", reason)}`
    }
    return text
      .replace(/(named: ")(.*)$/gm, (_, before: string, rest: string) => {
        // A reason may have quotes of its own; a line that was cut has none at its end.
        const [, reason = rest, after = ""] = /^(.*)(" *)$/.exec(rest) ?? []
        return before + masked(reason) + after
      })
      .replace(
        /^(\s*(?:Details|Localized)(?:: ?| ?= ?))(.+)$/gm,
        (_, before: string, reason: string) => before + masked(reason),
      )
  }

  /** 64 bits that name one port of one machine. */
  #maskSwitches(text: string): string {
    return text.replace(/("\w*uid_key"\s*:\s*")0x([0-9A-Fa-f]+)"/g, (_, before: string, digits: string) => {
      const number = this.#numberOf("serial", `uid ${digits.toLowerCase()}`)
      return `${before}0x${number.toString(16).padStart(digits.length, "0")}"`
    })
  }
}

/** Masks are longer or shorter than names: the terminals of `who` go back to where they stood. */
function inColumns(text: string, masked: string): string {
  const before = text.split("\n")
  const lines = masked.split("\n").map((line, at) => {
    const place = /^\S+ +/.exec(before[at] ?? "")?.[0].length
    const [, name, rest] = /^(\S+) +(.*)$/.exec(line) ?? []
    return place === undefined || name === undefined ? line : `${name.padEnd(place - 1)} ${rest}`
  })
  return lines.join("\n")
}

/** Data of the maker, in which the serial number stands again. */
function maskBatteryData(text: string): string {
  return text.replace(
    /("(?:Manufacturer|Mfg|Serial)\w*"\s*=\s*<)([0-9a-f]+)(>)/gi,
    (_, before, digits: string, after) => {
      return before + "0".repeat(digits.length) + after
    },
  )
}

/** netstat shows an address of a network by its first two or three numbers. */
function maskNetworks(text: string): string {
  return text.replace(/^(\S+ +\d+ +)\d{1,3}(?:\.\d{1,3}){1,2}(?=\s|\/\d)/gm, "$1198.18")
}
