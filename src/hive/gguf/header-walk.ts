import type { WindfallError } from "../../protocol/errors.ts"
import { brokenModel } from "../model/byte-source.ts"
import { CutFile } from "../model/file-lack.ts"

/** As llama.cpp has it; tensors' names are far shorter there, and some converters' a little longer. */
const MOST_KEY_BYTES = 65_535
const MOST_NAME_BYTES = 1_024
/** What the library refuses as well: a chat template, and a list of all tokens. */
const MOST_TEXT_BYTES = 10_000_000
const MOST_ELEMENTS = 1_000_000
/** A token has some 128 bytes, a merge two of them. */
const MOST_ELEMENT_BYTES = 2 ** 20
const MOST_KEYS = 100_000
const MOST_TENSORS = 1_000_000
const MOST_DIMENSIONS = 8
/** Name of a byte, one dimension, type, place. */
const LEAST_TENSOR_BYTES = 33
/** A key of a byte with a value of one. */
const LEAST_KEY_BYTES = 14

/** Bytes of a value of each type of a key; strings (8) and lists (9) say theirs. */
const VALUE_BYTES: ReadonlyMap<number, number> = new Map([
  ...[0, 1, 7].map((type) => [type, 1] as const),
  ...[2, 3].map((type) => [type, 2] as const),
  ...[4, 5, 6].map((type) => [type, 4] as const),
  ...[10, 11, 12].map((type) => [type, 8] as const),
])
const TEXT = 8
const LIST = 9

/**
 * Goes through the header of a GGUF file beside the library that reads it, piece by piece as it comes, and looks at lengths alone: one that no
 * model has, or that is longer than the file, is refused as soon as it is there. The library takes some of them for what they say, and
 * reads on for 50 MB. Of versions that nobody writes any more (1, and of other byte orders) nothing is looked at.
 */
export class HeaderWalk {
  readonly #name: string
  readonly #sizeBytes: number
  readonly #steps: Generator<void, void, void>
  #pending = new Uint8Array(0)
  #view = new DataView(this.#pending.buffer)
  #at = 0
  /** Of the file, where `#pending` begins. */
  #begin = 0
  #isOver = false

  constructor(name: string, sizeBytes: number) {
    this.#name = name
    this.#sizeBytes = sizeBytes
    this.#steps = this.#header()
  }

  /** @param bytes those behind the ones before @throws {WindfallError} `invalid_input` */
  feed(bytes: Uint8Array): void {
    if (this.#isOver) return
    // What is skipped may go beyond what has come.
    const done = Math.min(this.#at, this.#pending.length)
    const rest = this.#pending.subarray(done)
    this.#begin += done
    this.#at -= done
    this.#pending = new Uint8Array(rest.length + bytes.length)
    this.#pending.set(rest)
    this.#pending.set(bytes, rest.length)
    this.#view = new DataView(this.#pending.buffer)
    this.#isOver = this.#steps.next().done === true
  }

  *#header(): Generator<void, void, void> {
    yield* this.#until(24)
    this.#at += 4
    const version = this.#view.getUint32(this.#at, true)
    if (version !== 2 && version !== 3) return
    this.#at += 4
    const tensors = yield* this.#count("tensors", MOST_TENSORS, LEAST_TENSOR_BYTES)
    const keys = yield* this.#count("keys", MOST_KEYS, LEAST_KEY_BYTES)
    for (let number = 0; number < keys; number++) yield* this.#key(number)
    for (let number = 0; number < tensors; number++) yield* this.#tensor(number)
  }

  *#key(number: number): Generator<void, void, void> {
    const bytes = yield* this.#length(`key ${number + 1}`, 1, MOST_KEY_BYTES)
    yield* this.#until(bytes + 4)
    const key = JSON.stringify(Buffer.from(this.#pending.subarray(this.#at, this.#at + bytes)).toString()).slice(0, 80)
    this.#at += bytes
    const type = this.#view.getUint32(this.#at, true)
    this.#at += 4
    const size = VALUE_BYTES.get(type)
    if (size !== undefined) this.#at += size
    else if (type === TEXT) yield* this.#text(key, 0, MOST_TEXT_BYTES)
    else if (type === LIST) yield* this.#list(key)
    else throw this.#damaged(`${key} is of type ${type}, and there is none`)
  }

  *#list(key: string): Generator<void, void, void> {
    yield* this.#until(4)
    const type = this.#view.getUint32(this.#at, true)
    this.#at += 4
    const size = type === TEXT ? 8 : VALUE_BYTES.get(type)
    // llama.cpp reads no list of lists.
    if (size === undefined) throw this.#damaged(`${key} is a list of type ${type}, and there is none`)
    const elements = yield* this.#count(`values in ${key}`, MOST_ELEMENTS, size)
    if (type !== TEXT) this.#at += elements * size
    else for (let at = 0; at < elements; at++) yield* this.#text(key, 0, MOST_ELEMENT_BYTES)
  }

  *#tensor(number: number): Generator<void, void, void> {
    yield* this.#text(`the name of tensor ${number + 1}`, 1, MOST_NAME_BYTES)
    yield* this.#until(4)
    const dimensions = this.#view.getUint32(this.#at, true)
    if (dimensions > MOST_DIMENSIONS) throw this.#damaged(`tensor ${number + 1} has ${dimensions} dimensions`)
    this.#at += 4 + 8 * dimensions + 4 + 8
  }

  /** How many there are of something that takes so many bytes each at the least. */
  *#count(what: string, most: number, leastBytes: number): Generator<void, number, void> {
    yield* this.#until(8)
    const count = this.#view.getBigUint64(this.#at, true)
    if (count > most) throw this.#damaged(`it tells of ${count} ${what}`)
    this.#at += 8
    this.#fits(Number(count) * leastBytes)
    return Number(count)
  }

  *#text(what: string, least: number, most: number): Generator<void, void, void> {
    const bytes = yield* this.#length(what, least, most)
    this.#at += bytes
  }

  *#length(what: string, least: number, most: number): Generator<void, number, void> {
    if (this.#pending.length - this.#at < 8) yield* this.#until(8)
    const bytes = this.#view.getBigUint64(this.#at, true)
    if (bytes < least || bytes > most) throw this.#damaged(`a text of ${bytes} bytes (${what})`)
    this.#at += 8
    this.#fits(Number(bytes))
    return Number(bytes)
  }

  /** What is as long as others are, and longer than the file, is not damaged: the file is cut. */
  #fits(bytes: number): void {
    if (this.#begin + this.#at + bytes > this.#sizeBytes)
      throw new CutFile({ file: this.#name, endsAtByte: this.#sizeBytes, neededToByte: null })
  }

  *#until(bytes: number): Generator<void, void, void> {
    while (this.#pending.length - this.#at < bytes) yield
  }

  #damaged(why: string): WindfallError {
    return brokenModel(this.#name, `its GGUF header is damaged: ${why}`, "Fetch it again")
  }
}
