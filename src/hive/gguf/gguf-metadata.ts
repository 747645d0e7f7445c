import type { WindfallError } from "../../protocol/errors.ts"
import { brokenModel } from "../model/byte-source.ts"
import type { GgufHeader, GgufValue } from "./read-gguf.ts"

/** No size of a model has more; and products of three such numbers are still numbers. */
const MOST = 2 ** 32

/** The keys of a header that belong to its architecture: `llama.block_count` is `block_count` here. */
export class GgufMetadata {
  readonly architecture: string
  readonly #header: GgufHeader

  /** @throws {WindfallError} `invalid_input` when the header does not name its architecture, or a number of it is none */
  constructor(header: GgufHeader) {
    const architecture = header.metadata["general.architecture"]
    if (typeof architecture !== "string" || architecture === "")
      throw brokenModel(header.name, "its header does not say general.architecture")
    this.#header = header
    this.architecture = architecture
    for (const [key, value] of Object.entries(header.metadata)) {
      if (!key.startsWith(`${architecture}.`) || typeof value !== "number") continue
      const isBad =
        Number.isNaN(value) || (key === `${architecture}.rope.freq_base` && !(value > 0 && value < Infinity))
      if (isBad) throw brokenModel(header.name, `its header is damaged: ${key} is ${value}`, "Fetch it again")
    }
  }

  value(key: string): GgufValue | undefined {
    const { metadata } = this.#header
    const full = `${this.architecture}.${key}`
    return Object.hasOwn(metadata, full) ? metadata[full] : undefined
  }

  general(key: string): GgufValue | undefined {
    const full = `general.${key}`
    return Object.hasOwn(this.#header.metadata, full) ? this.#header.metadata[full] : undefined
  }

  /** A whole number from 0 on. @throws {WindfallError} when it is something else; `null` when it is missing, or a list */
  count(key: string): number | null {
    const value = this.value(key)
    return value === undefined || Array.isArray(value) ? null : this.#whole(key, value as GgufValue)
  }

  /** @throws {WindfallError} when it is missing or less than one */
  required(key: string): number {
    const count = this.count(key)
    if (count === null) throw brokenModel(this.#header.name, `its header does not say ${this.architecture}.${key}`)
    if (count < 1) throw this.damaged(`${this.architecture}.${key} is ${count}`)
    return count
  }

  /** One value for each layer, where the header has one for all or a list; `null` when it is missing. @throws {WindfallError} when it is a list of another length */
  perLayer(key: string, layers: number): readonly number[] | null {
    const value = this.value(key)
    if (value === undefined) return null
    if (!Array.isArray(value)) return new Array<number>(layers).fill(this.#whole(key, value as GgufValue))
    const list = value as readonly GgufValue[]
    if (list.length !== layers)
      throw this.damaged(`${this.architecture}.${key} has ${list.length} values for ${layers} layers`)
    return list.map((each) => this.#whole(key, each))
  }

  /** The error that says so. */
  damaged(why: string): WindfallError {
    return brokenModel(this.#header.name, `its header is damaged: ${why}`)
  }

  #whole(key: string, value: GgufValue): number {
    const number = typeof value === "boolean" ? Number(value) : Number(value)
    if (Number.isSafeInteger(number) && number >= 0 && number <= MOST) return number
    throw this.damaged(`${this.architecture}.${key} is ${String(value)}`)
  }
}
