import { type ByteSource, brokenModel, parseJsonObject } from "../model/byte-source.ts"
import { CutFile, type FileLack } from "../model/file-lack.ts"

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
  let neededBytes = 0
  for (const [tensor, value] of Object.entries(header)) {
    if (tensor === "__metadata__") continue
    const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>
    if (typeof dtype !== "string" || !isCounts(shape) || !isCounts(offsets)) throw damaged(name, tensor)
    const [from = -1, to = -1] = offsets
    if (offsets.length !== 2 || to < from) throw damaged(name, tensor)
    neededBytes = Math.max(neededBytes, to)
    tensors.push({
      name: tensor,
      dtype,
      elements: shape.reduce((product, size) => product * size, 1),
      bytes: to - from,
    })
  }
  const dataBytes = sizeBytes - 8 - length
  const neededToByte = 8 + length + neededBytes
  const lack = dataBytes < neededBytes ? { file: name, endsAtByte: sizeBytes, neededToByte } : null
  if (lack !== null && dataBytes > 0) throw new CutFile(lack)
  return { tensors, lack }
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && one >= 0)
}

function damaged(name: string, tensor: string) {
  return brokenModel(name, `its header is damaged at tensor ${tensor}`)
}
