import { closest } from "../../base/closest.ts"
import { durationText, parseDuration } from "../../base/duration.ts"
import type { Shares } from "../share/share-tree.ts"
import { type Codec, mapped, shown } from "./codec.ts"

/** The longest duration that is read; a century is beyond any policy, and far below what a double holds exactly. */
const MOST_MS = 100 * 366 * 86_400_000

/** What is further from 0 is no amount of anything, and what is made of several stays finite. */
const FURTHEST = 1e60

/** A scalar as text. */
export const text: Codec<string> = {
  read(value, path, report) {
    if (typeof value === "string" && value !== "") return value
    if (typeof value === "number" || typeof value === "boolean") return String(value)
    report(path, value === "" || value === null ? "has no value" : `takes text, not ${shown(value)}`)
    return undefined
  },
  write: (value) => value,
}

export interface NumberRange {
  /** What it is, for messages: `a number of minutes`. */
  readonly what: string
  readonly least?: number
  /** Exclusive. */
  readonly above?: number
  readonly most?: number
  readonly whole?: boolean
}

/** A number, or the same as text. Never NaN or Infinity, nor without its own bounds beyond 1e60. */
export function number({ what, least = -FURTHEST, above, most = FURTHEST, whole }: NumberRange): Codec<number> {
  return {
    read(value, path, report) {
      const isNumeric = typeof value === "string" && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value.trim())
      const one = typeof value === "number" ? value : isNumeric ? Number(value) : Number.NaN
      const problem = !Number.isFinite(one)
        ? `takes ${what}, not ${shown(value)}`
        : whole === true && !Number.isInteger(one)
          ? `takes a whole number, not ${shown(value)}`
          : above !== undefined && one <= above
            ? `must be above ${above}, not ${shown(value)}`
            : one < least
              ? `must be at least ${least}, not ${shown(value)}`
              : one > most
                ? `must be at most ${most}, not ${shown(value)}`
                : null
      if (problem === null) return one === 0 ? 0 : one
      report(path, problem)
      return undefined
    },
    write: (value) => value,
  }
}

const YES = ["true", "yes", "on"]
const NO = ["false", "no", "off"]

export const flag: Codec<boolean> = {
  read(value, path, report) {
    const typed = String(value).toLowerCase()
    if (YES.includes(typed)) return true
    if (NO.includes(typed)) return false
    report(path, `takes true or false, not ${shown(value)}`)
    return undefined
  },
  write: (value) => value,
}

/** One word of a list; `_` and `-` are the same in it. */
export function oneOf<T extends string>(words: readonly T[]): Codec<T> {
  const plain = (word: string) => word.toLowerCase().replaceAll("-", "_")
  return {
    read(value, path, report) {
      // YAML and JSON know `off` as false.
      const typed = value === false ? "off" : value === true ? "on" : value
      const found = typeof typed === "string" ? words.find((word) => plain(word) === plain(typed)) : undefined
      if (found !== undefined) return found
      const near = typeof typed === "string" ? closest(typed.slice(0, 60), words) : undefined
      report(
        path,
        near === undefined
          ? `takes one of ${words.join(", ")}, not ${shown(value)}`
          : `there is no ${shown(value)}: did you mean ${near}?`,
      )
      return undefined
    },
    write: (value) => value,
  }
}

/** `90s`, `30m`, `2d`, `1:30:00`; in milliseconds. */
export function durationMs({ above = false } = {}): Codec<number> {
  return mapped(
    text,
    (typed) => {
      if (/^\s*-/.test(typed)) throw new SyntaxError(`a time cannot be negative, as ${shown(typed)} is`)
      const ms = typed.trim() === "0" ? 0 : parseDuration(typed)
      if (ms > MOST_MS) throw new SyntaxError(`${shown(typed)} is too long: at most ${durationText(MOST_MS)}`)
      if (above && ms === 0) throw new SyntaxError("must be longer than nothing")
      return ms
    },
    (ms) => durationText(Math.round(ms)),
  )
}

/** The same in whole or broken units of `unitMs`. */
export function durationIn(unitMs: number, { above = false } = {}): Codec<number> {
  return mapped(
    durationMs({ above }),
    (ms) => ms / unitMs,
    (value) => value * unitMs,
  )
}

/** Far beyond any use, and sums of it stay finite. */
const MOST_SHARES = 1e100

/** Shares above 0, or `parent`; `least: 0` also 0. */
export function shares({ zero = false } = {}): Codec<Shares> {
  const amount = number({ what: "a number of shares or parent", most: MOST_SHARES, ...(zero ? { least: 0 } : {}) })
  return {
    read(value, path, report) {
      if (typeof value === "string" && value.trim().toLowerCase() === "parent") return "parent"
      const one = amount.read(value, path, report)
      if (one === undefined || zero || one > 0) return one
      report(
        path,
        `${one} is no share: write a number above 0, or parent for what competes without shares of its own. Who is to get nothing is left out, or kept out by limits`,
      )
      return undefined
    },
    write: (value) => value,
  }
}
