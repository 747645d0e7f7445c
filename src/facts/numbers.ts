import { known, type Reading, unknown } from "./fact.ts"

/**
 * A whole number, written as a program writes one: digits alone, none of them a leading zero.
 * Unknown as garbage when it is written otherwise, as implausible outside of `least` to `most`.
 */
export function readWhole(text: string, least = 0, most: number = Number.MAX_SAFE_INTEGER): Reading<number> {
  if (!/^(0|[1-9]\d{0,18})$/.test(text)) return unknown("garbage", `"${shorten(text)}" is no whole number`)
  const value = Number(text)
  if (value < least || value > most) return unknown("implausible", `${text} is not between ${least} and ${most}`)
  return known(value)
}

/** A number with a decimal point, such as `4.31`. */
export function readDecimal(text: string, least: number, most: number): Reading<number> {
  if (!/^(0|[1-9]\d{0,15})?(\.\d+)?$/.test(text) || text === "")
    return unknown("garbage", `"${shorten(text)}" is no number`)
  const value = Number(text)
  if (value < least || value > most) return unknown("implausible", `${text} is not between ${least} and ${most}`)
  return known(value)
}

const UNIT_BYTES: Readonly<Record<string, number>> = { B: 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 }

/** An amount as top, df -h and footprint write it: `1243M`, `460Gi`, `199.2 GB`. Powers of 1024. */
export function readAmount(text: string): Reading<number> {
  const match = /^(0|[1-9]\d{0,5})(\.\d+)? ?([BKMGT])(?:i?B?)$/.exec(text)
  if (match === null) return unknown("garbage", `"${shorten(text)}" is no amount of memory`)
  const [, whole = "0", fraction = "", unit = "B"] = match
  return known(Math.round(Number(whole + fraction) * (UNIT_BYTES[unit] ?? 1)))
}

const GIB = 1024 ** 3

/**
 * The memory of a machine in bytes. Macs, and virtual ones too, have whole GiB, which also tells a number that lost a digit: no
 * part of `549755813888` is a multiple of 1 GiB.
 */
export function readMachineMemory(text: string): Reading<number> {
  const bytes = readWhole(text, GIB, 4096 * GIB)
  if (bytes.known && bytes.value % GIB !== 0) return unknown("implausible", `${text} bytes are no whole GiB`)
  return bytes
}

export function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}...` : text
}
