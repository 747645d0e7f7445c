import { known, type Reading, unknown } from "./fact.ts"
import type { FactName } from "./fact-names.ts"
import type { FactSheet } from "./fact-sheet.ts"
import type { Json } from "./json-text.ts"
import { readWhole, shorten } from "./numbers.ts"

/**
 * Takes a whole number that releases of macOS write as one, or as a text of digits. Says nothing where there is no value; anything else, as
 * `"1,152"`, is unknown as garbage.
 */
export function takeJsonWhole(
  sheet: FactSheet,
  name: FactName,
  value: Json | undefined,
  range: readonly [least: number, most: number],
  key: string,
  of?: string,
): void {
  if (value !== undefined) sheet.take(name, readJsonWhole(value, range), key, of)
}

function readJsonWhole(value: Json, [least, most]: readonly [number, number]): Reading<number> {
  if (typeof value === "number" || typeof value === "string") return readWhole(String(value), least, most)
  return unknown("garbage", `${shown(value)} is no whole number`)
}

/** Takes `TRUE` and `FALSE`, as system_profiler writes what is so and what is not. */
export function takeJsonFlag(sheet: FactSheet, name: FactName, value: Json | undefined, key: string): void {
  if (value === undefined) return
  const isFlag = value === "TRUE" || value === "FALSE"
  sheet.take(name, isFlag ? known(value === "TRUE") : unknown("garbage", `${shown(value)} is not TRUE or FALSE`), key)
}

/** The value where it is a text; where there is another one, says of these facts that it is none. */
export function jsonText(
  sheet: FactSheet,
  names: readonly FactName[],
  value: Json | undefined,
  key: string,
  of?: string,
): string | null {
  if (typeof value === "string") return value
  if (value !== undefined)
    for (const name of names) sheet.unknown(name, "garbage", `${shown(value)} is no text`, key, of)
  return null
}

function shown(value: Json): string {
  return shorten(JSON.stringify(value))
}
