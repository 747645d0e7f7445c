import { brokenModel } from "../model/byte-source.ts"

type Values = Readonly<Record<string, unknown>>

/** No size of a model has more; and products of three such numbers are still numbers. */
const MOST = 2 ** 32

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= MOST
}

/** A `config.json`; models that see images have what is asked for below `text_config`. */
export class ModelConfig {
  readonly name: string
  readonly #whole: Values
  readonly #text: Values

  constructor(name: string, values: Values) {
    this.name = name
    this.#whole = values
    const text = values.text_config ?? values.llm_config ?? values.language_config
    this.#text = typeof text === "object" && text !== null && !Array.isArray(text) ? (text as Values) : {}
  }

  /** The first of these keys that is there, of the language model first. */
  value(...keys: readonly string[]): unknown {
    for (const values of [this.#text, this.#whole])
      for (const key of keys) if (Object.hasOwn(values, key) && values[key] !== null) return values[key]
    return undefined
  }

  /** Of the model as a whole: what loads it. @throws {WindfallError} when it is missing */
  get modelType(): string {
    const type = this.#whole.model_type ?? this.#text.model_type
    if (typeof type === "string" && type !== "") return type
    throw brokenModel(this.name, "it does not say model_type")
  }

  /** @throws {WindfallError} when it is no whole number from 0 on */
  count(...keys: readonly string[]): number | null {
    const value = this.value(...keys)
    if (value === undefined) return null
    if (isCount(value)) return value
    // A few models have a list, one for each layer: the largest is the safe one.
    if (Array.isArray(value) && value.length > 0 && value.every(isCount)) return Math.max(...value)
    throw brokenModel(this.name, `${keys[0]} is ${JSON.stringify(value)?.slice(0, 60)}, which is no count`)
  }

  /** @throws {WindfallError} when it is missing or 0 */
  required(...keys: readonly string[]): number {
    const count = this.count(...keys)
    if (count !== null && count > 0) return count
    throw brokenModel(this.name, count === null ? `it does not say ${keys[0]}` : `${keys[0]} is 0`)
  }

  /** An object below this key; `null` where there is none. */
  part(key: string): ModelConfig | null {
    const value = this.value(key)
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value)
    return isObject ? new ModelConfig(`${this.name} ${key}`, value as Values) : null
  }

  flag(key: string): boolean {
    return this.value(key) === true
  }

  list(...keys: readonly string[]): readonly unknown[] | null {
    const value = this.value(...keys)
    return Array.isArray(value) ? value : null
  }

  /** Bits of one tensor's weights: some are quantised otherwise than the rest, by their name. */
  quantisedBitsOf(tensor: string): number | null {
    const own = this.part("quantization")?.value(tensor.replace(/\.(?:weight|scales|biases)$/, ""))
    if (own === false) return null
    const bits = typeof own === "object" && own !== null ? (own as Values).bits : undefined
    return typeof bits === "number" && bits > 0 && bits <= 16 ? bits : this.quantisedBits
  }

  /** Bits of a weight where it is quantised. @throws {WindfallError} when so many are none */
  get quantisedBits(): number | null {
    for (const key of ["quantization", "quantization_config"]) {
      const value = this.value(key)
      const bits = typeof value === "object" && value !== null ? (value as Values).bits : undefined
      if (typeof bits !== "number") continue
      if (bits > 0 && bits <= 32) return bits
      throw brokenModel(this.name, `${key} has ${bits} bits`)
    }
    return null
  }
}
