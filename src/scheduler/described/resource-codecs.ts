import { parseBytes } from "../../base/bytes.ts"
import { closest } from "../../base/closest.ts"
import { type Codec, entriesOf, shown } from "./codec.ts"
import { number } from "./scalar-codecs.ts"

const GIB = 1024 ** 3
const UNITS = ["T", "G", "M", "K"] as const

/** Names of resources. `license/NAME` is one, too. */
const RESOURCES = ["cpu", "memory", "gpu"] as const
/** What people call them elsewhere. */
const ALSO: Readonly<Record<string, string>> = { cores: "cpu", cpus: "cpu", gpus: "gpu", mem: "memory" }

/** Numbers by the resource's name. `memory`: how an amount of it is read; without it a number of GiB, or what goes by the GiB. */
export function byResource(
  what: string,
  { memory = number({ what, least: 0 }) }: { memory?: Codec<number> } = {},
): Codec<Readonly<Record<string, number>>> {
  const plain = number({ what, least: 0 })
  return {
    read(value, path, report) {
      const entries = entriesOf(value)
      if (entries === null) {
        report(path, `takes resources (${RESOURCES.join(", ")}, license/NAME) with ${what}, not ${shown(value)}`)
        return undefined
      }
      const amounts = new Map<string, number>()
      for (const [key, each] of entries) {
        const at = [...path, key]
        const name = ALSO[key.toLowerCase()] ?? (/^license\/[\w.-]+$/.test(key) ? key : key.toLowerCase())
        if (!name.startsWith("license/") && !(RESOURCES as readonly string[]).includes(name)) {
          const near = closest(name.slice(0, 60), RESOURCES)
          const meant =
            near === undefined ? `there are ${RESOURCES.join(", ")} and license/NAME` : `did you mean ${near}?`
          report(at, `unknown resource ${shown(key)}: ${meant}`, "key")
          continue
        }
        if (amounts.has(name)) report(at, `${name} stands twice`, "key")
        const amount = (name === "memory" ? memory : plain).read(each, at, report)
        if (amount !== undefined) amounts.set(name, amount)
      }
      return Object.fromEntries(amounts)
    },
    write(amounts) {
      const write = (name: string, amount: number) => (name === "memory" ? memory : plain).write(amount)
      return new Map(Object.entries(amounts).map(([name, amount]) => [name, write(name, amount)]))
    },
  }
}

/** `48G`, `512M`: in GiB. A number without a unit is refused, as `--memory` does. */
export const gibibytes: Codec<number> = {
  read(value, path, report) {
    try {
      return parseBytes(String(value)) / GIB
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      report(path, error.message)
      return undefined
    }
  },
  write(value) {
    const bytes = Math.round(value * GIB)
    const power = UNITS.findIndex((_, at) => bytes > 0 && bytes % 1024 ** (4 - at) === 0)
    return power === -1 ? `${bytes}B` : `${bytes / 1024 ** (4 - power)}${UNITS[power]}`
  },
}
