import { type ByteSource, brokenModel, parseJsonObject } from "../model/byte-source.ts"
import { CutFile, type FileLack } from "../model/file-lack.ts"
import { checkApart, type TensorPlace } from "../model/tensor-places.ts"

export interface StoredTensor {
  readonly name: string
  readonly dtype: string
  readonly elements: number
  readonly bytes: number
}

export interface StoredTensors {
  readonly tensors: readonly StoredTensor[]
  /** The file is a header alone. `null`: it is whole. */
  readonly lack: FileLack | null
}

/** The bits of one number of a type (huggingface/safetensors, `Dtype`), also of kinds of them that are not known yet. */
const BITS = /^(?:[FIU](4|8|16|32|64)|F(4|6|8)_E\d+M\d+[A-Z]*|BF(16)|C(64|128))$/

/** What the format allows at most (huggingface/safetensors, `MAX_HEADER_SIZE`). */
const MOST_HEADER_BYTES = 100_000_000

/**
 * The tensors of one safetensors file, from its header: eight bytes of length, then JSON.
 * @throws {WindfallError} `invalid_input` when it is none, when the header is damaged, or the file holds some of its weights and not all
 */
export async function readTensors(source: ByteSource, signal: AbortSignal): Promise<StoredTensors> {
  const { name, sizeBytes } = source
  const start = await source.read(0, 8, signal)
  if (start.length < 8) throw brokenModel(name, "it is no safetensors file: it has fewer than 8 bytes")
  const length = Number(new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true))
  if (length > MOST_HEADER_BYTES || length < 2)
    throw brokenModel(name, `it is no safetensors file: a header of ${length} bytes`)
  if (8 + length > sizeBytes) throw new CutFile({ file: name, endsAtByte: sizeBytes, neededToByte: null })
  const header = parseJsonObject(name, await source.read(8, length, signal))
  const tensors: StoredTensor[] = []
  const places: TensorPlace[] = []
  let neededBytes = 0
  for (const [tensor, value] of Object.entries(header)) {
    if (tensor === "__metadata__") continue
    const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>
    if (typeof dtype !== "string" || !isCounts(shape) || !isCounts(offsets)) throw damaged(name, tensor)
    const [from = -1, to = -1] = offsets
    if (offsets.length !== 2 || to < from) throw damaged(name, tensor)
    const elements = shape.reduce((product, size) => product * size, 1)
    const bits = bitsOf(dtype)
    if (bits === null) throw damaged(name, tensor, `it is of type "${dtype.slice(0, 40)}", and there is none`)
    if (elements * bits !== (to - from) * 8)
      throw damaged(name, tensor, `it has ${elements} numbers of ${bits} bits in ${to - from} bytes`)
    neededBytes = Math.max(neededBytes, to)
    places.push({ tensor, begin: from, end: to })
    tensors.push({ name: tensor, dtype, elements, bytes: to - from })
  }
  checkApart(name, places)
  const dataBytes = sizeBytes - 8 - length
  const neededToByte = 8 + length + neededBytes
  const lack = dataBytes < neededBytes ? { file: name, endsAtByte: sizeBytes, neededToByte } : null
  if (lack !== null && dataBytes > 0) throw new CutFile(lack)
  return { tensors, lack }
}

/** `null`: there is no such type. */
function bitsOf(dtype: string): number | null {
  if (dtype === "BOOL") return 8
  const [, ...found] = BITS.exec(dtype) ?? []
  return Number(found.find((bits) => bits !== undefined) ?? 0) || null
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && one >= 0)
}

function damaged(name: string, tensor: string, why?: string) {
  return brokenModel(name, `its header is damaged at tensor ${tensor}${why === undefined ? "" : `: ${why}`}`)
}
