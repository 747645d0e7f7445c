import { parseBytes } from "../../base/bytes.ts"
import { closest } from "../../base/closest.ts"

/** Reads the values of one object of a described fleet, and collects all that is wrong with them, each with its path. */
export class DescribedValues {
  readonly #values: ReadonlyMap<string, unknown>
  readonly #path: string
  readonly #problems: string[]

  /** @param keys those it may have; others are problems */
  constructor(value: object, path: string, keys: readonly string[], problems: string[]) {
    this.#path = path
    this.#problems = problems
    const known = new Map(keys.map((key) => [plain(key), key]))
    const values = new Map<string, unknown>()
    for (const [key, one] of Object.entries(value)) {
      const name = known.get(plain(key))
      if (name === undefined) {
        const near = closest(key, keys)
        problems.push(
          `${path}.${key}: is no key here${near === undefined ? `; there are ${keys.join(", ")}` : `: did you mean ${near}?`}`,
        )
      } else if (one !== null && values.has(name)) problems.push(`${path}.${key}: is there twice, written in two ways`)
      else if (one !== null) values.set(name, one)
    }
    this.#values = values
  }

  value(key: string): unknown {
    return this.#values.get(key)
  }

  problem(key: string, text: string): void {
    this.#problems.push(`${this.#path}.${key}: ${text}`)
  }

  text(key: string): string | null {
    const value = this.#values.get(key)
    if (value === undefined) return null
    if (typeof value === "string" && value !== "") return value
    return this.#wrong(key, "must be a text")
  }

  flag(key: string): boolean {
    const value = this.#values.get(key)
    if (value === undefined || typeof value === "boolean") return value === true
    this.#wrong(key, "must be true or false")
    return false
  }

  /** More than 0. */
  number(key: string): number | null {
    const value = this.#values.get(key)
    if (value === undefined) return null
    if (typeof value === "number" && Number.isFinite(value) && value > 0) return value
    return this.#wrong(key, "must be a number above 0")
  }

  count(key: string): number | null {
    const value = this.number(key)
    return value === null || Number.isSafeInteger(value) ? value : this.#wrong(key, "must be a whole number")
  }

  /** "64G", or bytes as a number. */
  bytes(key: string): number | null {
    const value = this.#values.get(key)
    if (value === undefined) return null
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 1024 ** 2) return value
    if (typeof value === "number" && value > 0) return this.#wrong(key, `has no unit: write "${value}G" for gigabytes`)
    if (typeof value === "number" && value < 0) return this.#wrong(key, "must not be below 0")
    if (value === 0) return 0
    try {
      return parseBytes(String(value))
    } catch (error) {
      return this.#wrong(key, (error as Error).message)
    }
  }

  names(key: string): readonly string[] {
    const value = this.#values.get(key)
    if (value === undefined) return []
    if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value as string[]
    this.#wrong(key, "must be a list of names")
    return []
  }

  #wrong(key: string, text: string): null {
    this.problem(key, text)
    return null
  }
}

/** `gpuCores`, `gpu_cores` and `gpu-cores` are the same key. */
function plain(key: string): string {
  return key.replaceAll(/[_-]/g, "").toLowerCase()
}
