import { type Codec, type Path, type Report, shown } from "../described/codec.ts"
import { text } from "../described/scalar-codecs.ts"

/** Of accounts, partitions and QOS. */
export const policyName: Codec<string> = matching(
  (name) => /^[A-Za-z0-9][\w.-]{0,62}$/.test(name) && name !== "root" && name !== "none" && name !== "all",
  "a name has up to 63 letters, digits, dots, dashes and underscores, begins with a letter or digit, and is not root, none or all",
)

/** As users are called here. */
export const userName: Codec<string> = matching(
  (name) => /^[a-z][a-z0-9._-]{0,31}$/.test(name),
  "a user's name has up to 32 lower-case letters, digits, dots, dashes and underscores, and begins with a letter",
)

function matching(isName: (name: string) => boolean, rule: string): Codec<string> {
  return {
    read(value: unknown, path: Path, report: Report) {
      const name = text.read(value, path, report)
      if (name === undefined || isName(name)) return name
      report(path, `${shown(name)} is no name: ${rule}`)
      return undefined
    },
    write: (name) => name,
  }
}

/** A list of names, each once; a single one may stand without brackets. */
export function names(name: Codec<string>): Codec<readonly string[]> {
  return {
    read(value, path, report) {
      const all = Array.isArray(value) ? value : [value]
      const read: string[] = []
      for (const [at, each] of all.entries()) {
        const where = Array.isArray(value) ? [...path, at] : path
        const one = name.read(each, where, report)
        if (one === undefined) continue
        if (read.includes(one)) report(where, `${one} stands twice`)
        else read.push(one)
      }
      return read
    },
    write: (value) => [...value],
  }
}
