import { type Codec, entriesOf, type Fields, isSame, record, shown } from "../described/codec.ts"
import { text } from "../described/scalar-codecs.ts"
import { EVERY_HOST, type HostMatch } from "./host-match.ts"

const labels: Codec<Readonly<Record<string, string>>> = {
  read(value, path, report) {
    const entries = entriesOf(value)
    if (entries === null) {
      report(path, `takes labels with their values, not ${shown(value)}`)
      return undefined
    }
    return Object.fromEntries(
      entries.flatMap(([label, each]) => {
        const one = text.read(each, [...path, label], report)
        return one === undefined ? [] : [[label, one] as const]
      }),
    )
  },
  write: (value) => new Map(Object.entries(value)),
}

const fields: Fields<HostMatch> = {
  name: ["name", text as Codec<string | null>],
  chip: ["chip", text as Codec<string | null>],
  labels: ["labels", labels],
}

const described = record(fields, EVERY_HOST)

/** A host's name, or a mapping of what must agree. */
const one: Codec<HostMatch> = {
  read(value, path, report) {
    if (typeof value === "string") return { ...EVERY_HOST, name: value }
    const match = described.read(value, path, report)
    if (match === undefined || !isSame(match, EVERY_HOST)) return match
    report(path, "says nothing: write all for every host, a host's name, or name, chip or labels")
    return undefined
  },
  write: (value) =>
    value.name !== null && value.name !== "all" && isSame(value, { ...EVERY_HOST, name: value.name })
      ? value.name
      : described.write(value),
}

/** `all`, one host, or a list of hosts. */
export const hosts: Codec<readonly HostMatch[]> = {
  read(value, path, report) {
    if (value === "all") return [EVERY_HOST]
    if (!Array.isArray(value)) {
      const match = one.read(value, path, report)
      return match === undefined ? undefined : [match]
    }
    if (value.length === 0) report(path, "names no host: nothing could run there; write all for every host")
    return value.flatMap((each, at) => one.read(each, [...path, at], report) ?? [])
  },
  write: (value) => (isSame(value, [EVERY_HOST]) ? "all" : value.map((each) => one.write(each))),
}

/** A mapping of `name`, `chip` and `labels` and of what is said of such hosts. */
export function ofHosts<T extends { readonly match: HostMatch }>(
  rest: Fields<Omit<T, "match">>,
  defaults: Omit<T, "match">,
): Codec<T> {
  const flat = record<HostMatch & Omit<T, "match">>(
    { ...fields, ...rest } as unknown as Fields<HostMatch & Omit<T, "match">>,
    {
      ...EVERY_HOST,
      ...defaults,
    },
  )
  return {
    read(value, path, report) {
      const read = flat.read(value, path, report)
      if (read === undefined) return undefined
      const { name, chip, labels: own, ...others } = read
      return { ...others, match: { name, chip, labels: own } } as unknown as T
    },
    write: ({ match, ...others }, whole) => flat.write({ ...match, ...others }, whole),
  }
}
