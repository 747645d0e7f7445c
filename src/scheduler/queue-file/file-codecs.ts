import { parseBytes } from "../../base/bytes.ts"
import { type Codec, entriesOf, plainKey, shown } from "../described/codec.ts"
import { text } from "../described/scalar-codecs.ts"

/** Also `null`. */
export function nullable<T>(codec: Codec<T>): Codec<T | null> {
  return {
    read: (value, path, report) => (value === null ? null : codec.read(value, path, report)),
    write: (value) => (value === null ? null : codec.write(value)),
  }
}

/** The same keys by other names. */
export function also<T>(names: Readonly<Record<string, string>>, codec: Codec<T>): Codec<T> {
  return {
    read(value, path, report) {
      const entries = entriesOf(value)
      if (entries === null) return codec.read(value, path, report)
      const renamed = new Map<string, unknown>()
      for (const [key, one] of entries) {
        const name = names[plainKey(key)] ?? key
        if (renamed.has(name)) report([...path, key], `says the same as ${name}, which is there, too`, "key")
        renamed.set(name, one)
      }
      return codec.read(renamed, path, report)
    },
    write: (value) => codec.write(value),
  }
}

/** `48G`; a bare number is bytes, as programs write them. */
export const bytes: Codec<number> = {
  read(value, path, report) {
    const typed = String(value).trim()
    if (/^\d+(\.\d+)?(e\d+)?$/i.test(typed)) return Number(typed)
    try {
      return parseBytes(typed)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      report(path, error.message)
      return undefined
    }
  },
  write: (value) => value,
}

/** One text, or a list of them. */
export const texts: Codec<readonly string[]> = {
  read(value, path, report) {
    if (!Array.isArray(value)) {
      const one = text.read(value, path, report)
      return one === undefined ? undefined : one.split(",").map((part) => part.trim())
    }
    return value.flatMap((each, at) => text.read(each, [...path, at], report) ?? [])
  },
  write: (value) => value,
}

/** Names of hosts, one or several, also as `mac[1-4,7]`. */
export const hostNames: Codec<readonly string[]> = {
  read(value, path, report) {
    const all = Array.isArray(value) ? value : [value]
    return all.flatMap((each, at) => {
      const where = Array.isArray(value) ? [...path, at] : path
      const typed = text.read(each, where, report)
      if (typed === undefined) return []
      const read = expandHosts(typed)
      if (read === null) report(where, `${shown(typed)} is no host and no range of hosts, as mac[1-4,7]`)
      return read ?? []
    })
  },
  write: (value) => value,
}

const MOST_HOSTS = 100_000

/** `mac[1-3,7]` and `mac1,mac2`; `null` for what is neither. */
export function expandHosts(typed: string): readonly string[] | null {
  const names: string[] = []
  for (const part of typed.split(/,(?![^[]*\])/)) {
    const [, before, list, after] = /^([^[\]]*)\[([\d,-]+)\]([^[\]]*)$/.exec(part.trim()) ?? []
    if (list === undefined) {
      if (/[[\]]/.test(part) || part.trim() === "") return null
      names.push(part.trim())
      continue
    }
    for (const range of list.split(",")) {
      const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? []
      if (first === undefined || Number(last ?? first) - Number(first) > MOST_HOSTS) return null
      for (let n = Number(first); n <= Number(last ?? first); n++)
        names.push(`${before}${String(n).padStart(first.length, "0")}${after}`)
    }
  }
  return names
}

/** Numbers by name. */
export function numbersByName(number: Codec<number>, what: string): Codec<Readonly<Record<string, number>>> {
  return {
    read(value, path, report) {
      // `lic1:2,lic2`, as Slurm writes licences.
      if (typeof value === "string") {
        const parts = value.split(",").map((part) => /^\s*([\w./-]+?)(?::(\d+))?\s*$/.exec(part))
        if (parts.every((part) => part !== null)) {
          return Object.fromEntries(parts.map((part) => [part[1]!, Number(part[2] ?? 1)]))
        }
      }
      const entries = entriesOf(value)
      if (entries === null) {
        report(path, `takes ${what} by name, not ${shown(value)}`)
        return undefined
      }
      return Object.fromEntries(
        entries.flatMap(([key, each]) => {
          const one = number.read(each, [...path, key], report)
          return one === undefined ? [] : [[key, one] as const]
        }),
      )
    },
    write: (value) => value,
  }
}
