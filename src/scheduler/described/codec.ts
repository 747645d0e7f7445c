import { closest } from "../../base/closest.ts"

/** Where a value stands in what was described: keys as they were typed, and places in lists. */
export type Path = readonly (string | number)[]

/** Is told what is wrong and goes on, so that all problems are found at once. `on`: whether the key is to blame or its value. */
export type Report = (path: Path, problem: string, on?: "key" | "value") => void

/**
 * How a value is read from what people or programs wrote, and written so that it is read again as the same. Values come from JSON, or from
 * YAML with all scalars as text and mappings as `Map`, so every codec of a number takes text, too.
 */
export interface Codec<T> {
  /** @returns undefined when a problem was reported */
  read(value: unknown, path: Path, report: Report): T | undefined
  /** `whole`: also what is as it would be without being said, which is left out otherwise. */
  write(value: T, whole?: boolean): unknown
}

/** The name in the description and the codec of each field. */
export type Fields<T> = { readonly [K in keyof T]-?: readonly [name: string, codec: Codec<T[K]>] }

/** The keys of a mapping with their values, in order; `null` when it is none. */
export function entriesOf(value: unknown): readonly (readonly [string, unknown])[] | null {
  if (value instanceof Map) return [...value.entries()].map(([key, one]) => [String(key), one])
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null
  return Object.entries(value)
}

/** `maxAge`, `max_age` and `max-age` are the same key. */
export function plainKey(key: string): string {
  return key
    .replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => `-${letter}`)
    .replaceAll("_", "-")
    .toLowerCase()
}

/** `accounts.vision.users[2]` */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`
    return text === "" ? step : `${text}.${step}`
  }, "")
}

/** A value as it is quoted in messages: never much of it. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return "nothing"
  if (value instanceof Map || (typeof value === "object" && !Array.isArray(value))) return "a mapping"
  if (Array.isArray(value)) return "a list"
  const text = typeof value === "string" ? JSON.stringify(value) : String(value)
  return text.length <= 60 ? text : `${text.slice(0, 60)}...`
}

export function unknownKey(key: string, known: readonly string[]): string {
  const typed = JSON.stringify(key.slice(0, 60))
  const near = closest(plainKey(key.slice(0, 60)), known)
  return near === undefined
    ? `unknown key ${typed}; there are: ${known.join(", ")}`
    : `unknown key ${typed}: did you mean ${near}?`
}

/** A mapping with known keys. What is left out is as in `defaults`, and is left out again when it is written. */
export function record<T extends object>(fields: Fields<T>, defaults: T): Codec<T> {
  const known = Object.entries(fields) as [keyof T & string, readonly [string, Codec<T[keyof T]>]][]
  const names = known.map(([, [name]]) => name)
  return {
    read(value, path, report) {
      if (value === null) return defaults
      const entries = entriesOf(value)
      if (entries === null) {
        report(path, `takes keys (${names.join(", ")}), not ${shown(value)}`)
        return undefined
      }
      const read = new Map<string, unknown>()
      const seen = new Set<string>()
      for (const [key, each] of entries) {
        const field = known.find(([, [name]]) => name === plainKey(key))
        if (field === undefined) {
          report([...path, key], unknownKey(key, names), "key")
          continue
        }
        const [property, [name, codec]] = field
        if (seen.has(name)) report([...path, key], "this key stands twice", "key")
        seen.add(name)
        // What could not be read at all was reported where it stands.
        if (each === undefined) continue
        const one = codec.read(each, [...path, key], report)
        if (one !== undefined) read.set(property, one)
      }
      return { ...defaults, ...Object.fromEntries(read) }
    },
    write(value, whole = false) {
      const written = new Map<string, unknown>()
      for (const [property, [name, codec]] of known) {
        const isSaid = whole ? value[property] !== undefined : !isSame(value[property], defaults[property])
        if (isSaid) written.set(name, codec.write(value[property], whole))
      }
      return written
    },
  }
}

/** The same for two fields that hold plain data. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b)
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const [left, right] = [definedEntries(a), definedEntries(b)]
  return (
    left.length === right.length && left.every(([key, value]) => isSame(value, (b as Record<string, unknown>)[key]))
  )
}

function definedEntries(value: object): [string, unknown][] {
  return Object.entries(value).filter(([, one]) => one !== undefined)
}

export function list<T>(item: Codec<T>, what: string): Codec<readonly T[]> {
  return {
    read(value, path, report) {
      if (!Array.isArray(value)) {
        report(path, `takes a list of ${what}, not ${shown(value)}`)
        return undefined
      }
      return value.flatMap((one, at) => (one === undefined ? [] : (item.read(one, [...path, at], report) ?? [])))
    },
    write: (value, whole) => value.map((one) => item.write(one, whole)),
  }
}

/** A mapping of names to what they are, each with its name. */
export function named<T extends { readonly name: string }>(
  name: Codec<string>,
  entry: Codec<Omit<T, "name">>,
  what: string,
): Codec<readonly T[]> {
  return {
    read(value, path, report) {
      const entries = entriesOf(value)
      if (entries === null) {
        report(path, `takes a mapping of ${what} by name, not ${shown(value)}`)
        return undefined
      }
      return entries.flatMap(([key, each]) => {
        const called = name.read(key, [...path, key], (at, problem) => report(at, problem, "key"))
        const one = entry.read(each, [...path, key], report)
        // Also with a name that is none: what refers to it is right about that.
        return one === undefined ? [] : [{ ...one, name: called ?? key } as T]
      })
    },
    write: (value, whole) => new Map(value.map((one) => [one.name, entry.write(one, whole)])),
  }
}

/** `none` (or JSON's null) for what need not be. */
export function orNone<T>(codec: Codec<T>, none = "none"): Codec<T | null> {
  return {
    read: (value, path, report) => (value === null || value === none ? null : codec.read(value, path, report)),
    write: (value, whole) => (value === null ? none : codec.write(value, whole)),
  }
}

/** Another form of the same value: `read` throws SyntaxError for what it cannot be made from. */
export function mapped<A, B>(codec: Codec<A>, read: (value: A) => B, write: (value: B) => A): Codec<B> {
  return {
    read(value, path, report) {
      const one = codec.read(value, path, report)
      if (one === undefined) return undefined
      try {
        return read(one)
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error
        report(path, error.message)
        return undefined
      }
    },
    write: (value, whole) => codec.write(write(value), whole),
  }
}
