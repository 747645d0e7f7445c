import { parseGgufShardFilename } from "@huggingface/gguf"
import type { WindfallError } from "../../protocol/errors.ts"
import { brokenModel } from "../model/byte-source.ts"
import type { GgufHeader } from "./read-gguf.ts"

/** The names of all parts of a model in several files, in order, from that of one; `null` for a model in one file. */
export function ggufParts(file: string): readonly string[] | null {
  const part = parseGgufShardFilename(file)
  if (part === null || !isPossible(part)) return null
  return Array.from(
    { length: Number(part.total) },
    (_, at) => `${part.prefix}-${String(at + 1).padStart(5, "0")}-of-${part.total}.gguf`,
  )
}

/** What is wrong with a name like that of a part, which none has: `model-00003-of-00002.gguf`. */
export function partNameProblem(file: string): WindfallError | null {
  const part = parseGgufShardFilename(file)
  if (part === null || isPossible(part)) return null
  const said = `part ${Number(part.shard)} of ${Number(part.total)}`
  return brokenModel(file, `by its name it is ${said}, and parts are counted from 1 up to their number`, "Rename it")
}

function isPossible({ shard, total }: { readonly shard: string; readonly total: string }): boolean {
  return Number(shard) >= 1 && Number(shard) <= Number(total)
}

/**
 * Whether these files, in this order, are the parts of one model, by the keys that gguf-split writes into each (llama.cpp looks at the
 * same: `split.count` of the first, `split.no` of all, `split.tensors.count`, and that no tensor is in two).
 * @throws {WindfallError} `invalid_input`
 */
export function checkParts(headers: readonly [GgufHeader, ...GgufHeader[]]): void {
  const [first] = headers
  const count = numberOf(first, "split.count") ?? 1
  if (count > headers.length)
    throw brokenModel(first.name, `it is one of ${count} parts, and the others are not there`, RENAMED)
  // One that does not say so is loaded alone by llama.cpp, whatever lies beside it.
  if (count < headers.length)
    throw brokenModel(first.name, `by its name it is one of ${headers.length} parts, by its header one of ${count}`)
  for (const [at, header] of headers.entries()) {
    const own = numberOf(header, "split.no")
    if (headers.length > 1 && own !== null && own !== at)
      throw brokenModel(header.name, `by its header it is part ${own + 1}, by its name part ${at + 1}`, RENAMED)
    const architecture = header.metadata["general.architecture"] ?? first.metadata["general.architecture"]
    if (architecture !== first.metadata["general.architecture"])
      throw brokenModel(header.name, `it is a part of another model than ${first.name}`, FETCH_ALL)
    for (const key of ["split.count", "split.tensors.count"]) {
      const [said, known] = [numberOf(header, key), numberOf(first, key)]
      if (said !== null && known !== null && said !== known)
        throw brokenModel(header.name, `it is a part of another model than ${first.name}: ${key} differs`, FETCH_ALL)
    }
  }
  const home = new Map<string, string>()
  for (const { name, tensors } of headers)
    for (const tensor of tensors) {
      const other = home.get(tensor.name)
      if (other !== undefined)
        throw brokenModel(name, `tensor ${tensor.name} is in it and in ${other}: they are not of one model`, FETCH_ALL)
      home.set(tensor.name, name)
    }
  const told = numberOf(first, "split.tensors.count")
  if (told !== null && told !== home.size)
    throw brokenModel(
      first.name,
      `its header tells ${told} tensors in all parts, and there are ${home.size}`,
      FETCH_ALL,
    )
}

const RENAMED = "Give all parts the names that they were published with, side by side"
const FETCH_ALL = "Fetch all parts again, from one place"

/** `null` where it is not said. */
function numberOf({ name, metadata }: GgufHeader, key: string): number | null {
  const value = Object.hasOwn(metadata, key) ? metadata[key] : undefined
  if (value === undefined) return null
  const number = Array.isArray(value) || typeof value === "string" ? Number.NaN : Number(value)
  if (Number.isSafeInteger(number) && number >= 0) return number
  throw brokenModel(name, `its header is damaged: ${key} is ${String(value).slice(0, 40)}`)
}
