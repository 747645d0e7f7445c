import { gguf } from "@huggingface/gguf"
import { WindfallError } from "../../protocol/errors.ts"
import { type ByteSource, brokenModel } from "../model/byte-source.ts"
import { CutFile, type FileLack } from "../model/file-lack.ts"
import { checkApart, type TensorPlace } from "../model/tensor-places.ts"
import { bytesOf, GGML_TYPES } from "./ggml-types.ts"
import { HeaderWalk } from "./header-walk.ts"

export type GgufValue = string | number | boolean | bigint | readonly GgufValue[]

export interface GgufTensor {
  readonly name: string
  /** Columns first, as the file has it. */
  readonly shape: readonly number[]
  readonly elements: number
  readonly bytes: number
  readonly type: string
}

/** What one file's header says. */
export interface GgufHeader {
  readonly name: string
  readonly metadata: Readonly<Record<string, GgufValue>>
  readonly tensors: readonly GgufTensor[]
  /** The file ends where its header does: somebody has fetched the header alone. `null`: it is whole. */
  readonly lack: FileLack | null
}

/** GGUF, its version, and how many tensors and keys there are. */
const LEAST_HEADER_BYTES = 24
/** No header is so large: that of a model with 160,000 tokens and 1,700 tensors has some 10 MB. */
const MOST_TENSOR_BYTES = 2 ** 52
/** There are some 40 types; a newer one is taken as it is, and so large a number is none. */
const TYPES_END = 256

/**
 * Reads the header of a GGUF file by ranges of 2 MB, and nothing of its weights.
 *
 * @throws {WindfallError} `invalid_input` when it is no GGUF file, when its header is damaged or cut, or when the file holds some of
 * its weights and not all
 */
export async function readGguf(source: ByteSource, signal: AbortSignal): Promise<GgufHeader> {
  const { name, sizeBytes } = source
  const magic = await source.read(0, 4, signal)
  if (new TextDecoder("latin1").decode(magic) !== "GGUF")
    throw brokenModel(name, sizeBytes === 0 ? "it is empty" : "it is no GGUF file: it does not begin with GGUF")
  if (sizeBytes < LEAST_HEADER_BYTES) throw cut(source)
  const { metadata, tensorInfos, tensorDataOffset, tensorInfoByteRange } = await parse(source, signal)
  const { "general.alignment": alignment } = metadata as unknown as GgufHeader["metadata"]
  if (alignment !== undefined && Math.log2(Number(alignment)) % 1 !== 0)
    throw brokenModel(name, `its header is damaged: general.alignment is ${alignment}, which is no power of two`)
  // The library fills up what it reads with zeros: a header that is cut may look whole.
  if (tensorInfoByteRange[1] > sizeBytes) throw cut(source)
  const begins = tensorInfos.map(({ offset }) => Number(offset)).sort((a, b) => a - b)
  const dataBytes = Math.max(0, sizeBytes - Number(tensorDataOffset))
  const names = new Set<string>()
  let neededBytes = 0
  const places: TensorPlace[] = []
  const tensors = tensorInfos.map(({ name: tensor, shape, dtype, offset }): GgufTensor => {
    if (tensor === "" || names.has(tensor)) throw brokenModel(name, `its header is damaged: two tensors "${tensor}"`)
    names.add(tensor)
    const type = GGML_TYPES.get(dtype as number)
    if (type === undefined && !((dtype as number) < TYPES_END))
      throw brokenModel(name, `its header is damaged: tensor ${tensor} is of type ${dtype}, and there is none`)
    const elements = shape.reduce((product, size) => product * Number(size), 1)
    if (elements === 0)
      throw brokenModel(
        name,
        `its header is damaged: tensor ${tensor} is of shape [${shape.join(", ")}]: it has no numbers`,
      )
    // A type that is not in the table takes what lies up to the next tensor.
    const upToNext = () => (begins.find((begin) => begin > Number(offset)) ?? dataBytes) - Number(offset)
    const bytes = type === undefined ? Math.max(0, upToNext()) : bytesOf(elements, type)
    if (!(bytes <= MOST_TENSOR_BYTES && Number(offset) <= MOST_TENSOR_BYTES))
      throw brokenModel(name, `its header is damaged: tensor ${tensor} is too large, or too far away`)
    neededBytes = Math.max(neededBytes, Number(offset) + bytes)
    places.push({ tensor, begin: Number(offset), end: Number(offset) + bytes })
    return { name: tensor, shape: shape.map(Number), elements, bytes, type: type?.name ?? `type ${dtype}` }
  })
  checkApart(name, places)
  const neededToByte = Number(tensorDataOffset) + neededBytes
  const lack = dataBytes < neededBytes ? { file: name, endsAtByte: sizeBytes, neededToByte } : null
  if (lack !== null && dataBytes > 0) throw new CutFile(lack)
  return { name, metadata: metadata as unknown as GgufHeader["metadata"], tensors, lack }
}

type Parsed = Awaited<ReturnType<typeof gguf>>

async function parse(source: ByteSource, signal: AbortSignal): Promise<Parsed> {
  let reachedEnd = false
  const walk = new HeaderWalk(source.name, source.sizeBytes)
  /** What the library takes for HTTP. It reads ahead: one range beyond the end is no fault yet. */
  const fetchRange = async (_uri: unknown, init?: RequestInit): Promise<Response> => {
    const [from = 0, to = 0] = (new Headers(init?.headers).get("range") ?? "")
      .replace("bytes=", "")
      .split("-")
      .map(Number)
    if (from >= source.sizeBytes) {
      if (reachedEnd) throw cut(source)
      reachedEnd = true
      return new Response(new Uint8Array(0))
    }
    const bytes = await source.read(from, Math.min(to + 1, source.sizeBytes) - from, signal)
    walk.feed(bytes)
    return new Response(bytes as Uint8Array<ArrayBuffer>)
  }
  try {
    return await gguf("https://model.invalid/", { fetch: fetchRange as typeof fetch })
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof WindfallError) throw error
    if (error instanceof RangeError)
      throw source.sizeBytes < 2e6 ? cut(source) : damaged(source.name, "a length in it is wrong")
    throw damaged(source.name, (error as Error).message)
  }
}

function damaged(name: string, why: string): WindfallError {
  return brokenModel(name, `its GGUF header is damaged: ${why}`, "Fetch it again")
}

function cut({ name, sizeBytes }: ByteSource): CutFile {
  return new CutFile({ file: name, endsAtByte: sizeBytes, neededToByte: null })
}
