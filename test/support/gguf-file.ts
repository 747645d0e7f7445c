import { bytesOf, GGML_TYPES } from "../../src/hive/gguf/ggml-types.ts"
import type { ByteSource } from "../../src/hive/model/byte-source.ts"

export type MetaValue =
  | string
  | number
  | boolean
  | readonly number[]
  | readonly boolean[]
  | readonly string[]
  | Int32Array

export interface TensorSpec {
  readonly name: string
  readonly shape: readonly number[]
  /** Number of the type: 0 is F32, 1 F16, 12 Q4_K. */
  readonly type: number
  /** Where it claims to lie. @default behind those before it */
  readonly offset?: number
}

const ALIGNMENT = 32

/** The header of a GGUF file (version 3), and how many bytes its weights would take. */
export function ggufHeader(
  metadata: Readonly<Record<string, MetaValue>>,
  tensors: readonly TensorSpec[],
): { readonly header: Buffer; readonly dataBytes: number } {
  const parts: Buffer[] = [Buffer.from("GGUF"), u32(3), u64(tensors.length), u64(Object.keys(metadata).length)]
  for (const [key, value] of Object.entries(metadata)) parts.push(text(key), Buffer.concat(typed(value)))
  let offset = 0
  for (const { name, shape, type, offset: claimed } of tensors) {
    parts.push(text(name), u32(shape.length), ...shape.map(u64), u32(type), u64(claimed ?? offset))
    const ggml = GGML_TYPES.get(type)
    const elements = shape.reduce((product, size) => product * size, 1)
    offset += aligned(ggml === undefined ? elements : bytesOf(elements, ggml))
  }
  const plain = Buffer.concat(parts)
  return { header: Buffer.concat([plain, Buffer.alloc(aligned(plain.length) - plain.length)]), dataBytes: offset }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([u64(bytes.length), bytes])
}

function typed(value: MetaValue): Buffer[] {
  if (typeof value === "string") return [u32(8), text(value)]
  if (typeof value === "boolean") return [u32(7), Buffer.from([Number(value)])]
  if (typeof value === "number") {
    if (Number.isInteger(value)) return [u32(4), u32(value)]
    const float = Buffer.alloc(4)
    float.writeFloatLE(value)
    return [u32(6), float]
  }
  // The kinds of tokens: signed, and llama.cpp reads nothing else there.
  if (value instanceof Int32Array) {
    return [u32(9), u32(5), u64(value.length), Buffer.from(value.buffer, value.byteOffset, value.byteLength)]
  }
  const elements = value.map((one) => typed(one) as [Buffer, Buffer])
  return [u32(9), elements[0]?.[0] ?? u32(4), u64(value.length), ...elements.map(([, bytes]) => bytes)]
}

/** A file that is a header and zeros, and that counts what is read of it. */
export class HeaderSource implements ByteSource {
  readonly name: string
  readonly sizeBytes: number
  readonly #header: Uint8Array
  bytesRead = 0

  constructor(name: string, header: Uint8Array, sizeBytes = header.length) {
    this.name = name
    this.#header = header
    this.sizeBytes = sizeBytes
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.sizeBytes - offset)))
    bytes.set(this.#header.subarray(offset, Math.min(offset + bytes.length, this.sizeBytes)))
    this.bytesRead += bytes.length
    return bytes
  }
}
