/** What the hand-written checks of an agent's messages are made of. Each throws {@link WindfallError} corrupt_data naming type and field. */
import { WindfallError } from "./errors.ts"
import { isBlobHash, isId } from "./ids.ts"
import { isDate } from "./owner.ts"

const MAX_TEXT = 16_384
const MAX_LIST = 1_000_000

export type Raw = Readonly<Record<string, unknown>>

export function attempt(raw: Raw, type: string): void {
  if (!isId("a", raw.attempt)) fail(type, "attempt")
  count(raw, "sequence", type)
}

export function hashes(raw: Raw, field: string, type: string): void {
  for (const hash of list(raw, field, type)) if (!isBlobHash(hash)) fail(type, field)
}

export function object(value: unknown, type: string, field: string): Raw {
  if (typeof value !== "object" || value === null || Array.isArray(value)) fail(type, field)
  return value as Raw
}

export function list(raw: Raw, field: string, type: string): readonly unknown[] {
  const value = raw[field]
  if (!Array.isArray(value) || value.length > MAX_LIST) fail(type, field)
  return value
}

export function number(raw: Raw, field: string, type: string): void {
  if (!Number.isFinite(raw[field])) fail(type, field)
}

/** A moment by a wall clock, within what a date can be. */
export function moment(raw: Raw, field: string, type: string): void {
  if (!isDate(raw[field])) fail(type, field)
}

/** A whole number from 0, exactly held by a double. */
export function count(raw: Raw, field: string, type: string, most = Number.MAX_SAFE_INTEGER): void {
  const value = raw[field]
  if (!Number.isSafeInteger(value) || (value as number) < 0 || (value as number) > most) fail(type, field)
}

export function countOrNull(raw: Raw, field: string, type: string, most?: number): void {
  if (raw[field] !== null) count(raw, field, type, most)
}

export function text(raw: Raw, field: string, type: string): void {
  const value = raw[field]
  if (typeof value !== "string" || value.length > MAX_TEXT) fail(type, field)
}

export function textOrNull(raw: Raw, field: string, type: string): void {
  if (raw[field] !== null) text(raw, field, type)
}

export function fail(type: string, field: string): never {
  throw new WindfallError(
    "corrupt_data",
    `Cannot read what the agent says: "${field}" of its "${type.slice(0, 40)}" is malformed`,
  )
}
