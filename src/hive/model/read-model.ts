import { WindfallError } from "../../protocol/errors.ts"
import { ggufModel } from "../gguf/gguf-model.ts"
import { ggufParts, partNameProblem } from "../gguf/gguf-parts.ts"
import { ggufProjector } from "../gguf/gguf-projector.ts"
import { type GgufHeader, readGguf } from "../gguf/read-gguf.ts"
import { folderKnowsTools } from "../safetensors/folder-templates.ts"
import { ModelConfig } from "../safetensors/model-config.ts"
import { readTensors, type StoredTensor } from "../safetensors/read-header.ts"
import { safetensorsModel } from "../safetensors/safetensors-model.ts"
import { brokenModel, type ModelFolder, readJsonObject } from "./byte-source.ts"
import { type FileLack, lackText } from "./file-lack.ts"
import type { ModelFacts } from "./model-facts.ts"
import { isProjectorFile, projectorsFor } from "./projector-file.ts"

const INDEX = "model.safetensors.index.json"
const SINGLE = "model.safetensors"
const MOST_CONFIG_BYTES = 4e6
const MOST_INDEX_BYTES = 64e6
/** Of a tensor's name in an error. */
const MOST_QUOTED = 200

/**
 * Reads what planning needs of a model, by ranges: a GGUF file with its parts, or a folder with `config.json` and safetensors files
 * or their index.
 *
 * @param file the file that was named; `null`: the folder was
 * @param withImages whether a projector of images beside a GGUF model belongs to it
 * @throws {WindfallError} `invalid_input` when it is broken or cut, `file_not_found` when a part is missing
 */
export async function readModel(
  folder: ModelFolder,
  file: string | null,
  signal: AbortSignal,
  withImages = true,
): Promise<ModelFacts> {
  const model = await readAny(folder, file, signal, withImages)
  if (model.lack === null) return model
  const note = `${model.lack.file} is not whole (${lackText(model.lack)}): this can be planned, and not be served`
  return { ...model, notes: [note, ...model.notes] }
}

async function readAny(
  folder: ModelFolder,
  file: string | null,
  signal: AbortSignal,
  withImages: boolean,
): Promise<ModelFacts> {
  if (
    file !== null &&
    !/\.gguf$/i.test(file) &&
    !/\.safetensors$|^model\.safetensors\.index\.json$|^config\.json$/i.test(file)
  ) {
    // The name does not tell: the first bytes do.
    const magic = await (await folder.open(file)).read(0, 4, signal)
    if (new TextDecoder("latin1").decode(magic) !== "GGUF")
      throw brokenModel(
        file,
        "it is neither a GGUF nor a safetensors file",
        "Name a .gguf file, or a folder with config.json",
      )
    return readGgufModel(folder, file, signal, withImages)
  }
  if (file !== null && /\.gguf$/i.test(file)) return readGgufModel(folder, file, signal, withImages)
  if (folder.files.includes("config.json")) {
    const model = await readSafetensors(folder, signal)
    return { ...model, knowsTools: await folderKnowsTools(folder, model.architecture, signal) }
  }
  const models = ggufFilesOf(folder)
  const [only, ...more] = models
  if (only !== undefined && more.length === 0) return readGgufModel(folder, only, signal, withImages)
  if (only !== undefined)
    throw brokenModel(
      folder.name,
      `it has ${models.length} models: ${models.slice(0, 5).join(", ")}`,
      "Name one of the files",
    )
  const hint = file === null ? undefined : "Beside safetensors files there must be the model's config.json"
  throw brokenModel(folder.name, "there is neither a GGUF file nor config.json in it", hint)
}

/** The models of a folder, each by its first part; projectors of images are parts of others. */
function ggufFilesOf({ files }: ModelFolder): readonly string[] {
  return files
    .filter((file) => /\.gguf$/i.test(file) && !isProjectorFile(file))
    .filter((file) => (ggufParts(file)?.[0] ?? file) === file)
    .sort()
}

async function readGgufModel(
  folder: ModelFolder,
  file: string,
  signal: AbortSignal,
  withImages: boolean,
): Promise<ModelFacts> {
  const odd = partNameProblem(file)
  if (odd !== null) throw odd
  const parts = ggufParts(file) ?? [file]
  const missing = parts.find((part) => !folder.files.includes(part))
  if (missing !== undefined && parts.length > 1)
    throw new WindfallError("file_not_found", `Cannot read ${file}: part ${missing} is missing`, {
      hint: `All ${parts.length} parts must lie side by side`,
    })
  const headers: GgufHeader[] = []
  for (const part of parts) headers.push(await readGguf(await folder.open(part), signal))
  const model = ggufModel(file.replace(/(?:-\d{5}-of-\d{5})?\.gguf$/i, ""), headers as [GgufHeader, ...GgufHeader[]])
  return withImages ? withProjector(model, folder, file, signal) : model
}

/** llama.cpp refuses a projector that makes other vectors than the model takes: such a one is another model's. */
async function withProjector(
  model: ModelFacts,
  folder: ModelFolder,
  file: string,
  signal: AbortSignal,
): Promise<ModelFacts> {
  const notes = [...model.notes]
  for (const beside of projectorsFor(file, folder.files)) {
    const header = await readGguf(await folder.open(beside), signal)
    const { width, ...projector } = ggufProjector(header)
    if (width === null || width === model.hiddenSize)
      return { ...model, projector, lack: model.lack ?? header.lack, notes }
    notes.push(`${beside} is not its own: that makes vectors of ${width} numbers, and it takes ${model.hiddenSize}`)
  }
  return { ...model, notes }
}

async function readSafetensors(folder: ModelFolder, signal: AbortSignal): Promise<ModelFacts> {
  if (!folder.files.includes("config.json"))
    throw new WindfallError("file_not_found", `Cannot read ${folder.name}: config.json is missing`)
  const config = new ModelConfig(
    "config.json",
    await readJsonObject(await folder.open("config.json"), MOST_CONFIG_BYTES, signal),
  )
  if (!folder.files.includes(INDEX)) {
    const files = folder.files.filter((file) => file.endsWith(".safetensors"))
    if (files.length === 0 || (files.length > 1 && !files.includes(SINGLE)))
      throw brokenModel(folder.name, `there is neither ${INDEX} nor ${SINGLE} in it`)
    const single = files.includes(SINGLE) ? SINGLE : (files[0] ?? SINGLE)
    return safetensorsModel(folder.name, config, await readTensors(await folder.open(single), signal))
  }
  const index = await readJsonObject(await folder.open(INDEX), MOST_INDEX_BYTES, signal)
  const map = index.weight_map
  if (typeof map !== "object" || map === null || Array.isArray(map)) throw brokenModel(INDEX, "it has no weight_map")
  const named = Object.values(map as Record<string, unknown>)
  if (named.length === 0 || !named.every((file) => typeof file === "string" && file !== ""))
    throw brokenModel(INDEX, "its weight_map does not name the file of each tensor", "Fetch it again")
  const files = [...new Set(named as readonly string[])].sort()
  const outside = files.find((file) => /\\|\0/.test(file) || file.split("/").some((part) => /^\.{0,2}$/.test(part)))
  if (outside !== undefined)
    throw brokenModel(
      INDEX,
      `its weight_map names ${JSON.stringify(outside.slice(0, MOST_QUOTED))}, which is no file beside it`,
      "Fetch it again",
    )
  const missing = files.filter((file) => !folder.files.includes(file))
  if (missing.length === files.length) {
    const total = (index.metadata as { total_size?: unknown } | undefined)?.total_size
    if (typeof total !== "number" || !Number.isSafeInteger(total) || total <= 0)
      throw brokenModel(INDEX, "it does not say metadata.total_size, and its files are not there")
    const lack = { file: files[0] ?? SINGLE, endsAtByte: null, neededToByte: null }
    return safetensorsModel(folder.name, config, { totalBytes: total, lack })
  }
  if (missing.length > 0)
    throw new WindfallError(
      "file_not_found",
      `Cannot read ${folder.name}: ${missing[0]} is missing, of ${files.length} files in its index`,
    )
  const tensors: StoredTensor[] = []
  let lack: FileLack | null = null
  for (const file of files) {
    const read = await readTensors(await folder.open(file), signal)
    tensors.push(...read.tensors)
    lack ??= read.lack
  }
  const there = new Set(tensors.map(({ name }) => name))
  // Indexes of models whose output is tied to the embedding name an output that was left out when they were saved.
  const absent = Object.keys(map).find((name) => !there.has(name) && !name.endsWith("lm_head.weight"))
  if (absent !== undefined)
    throw brokenModel(
      INDEX,
      `it names the tensor ${JSON.stringify(absent.slice(0, MOST_QUOTED))}, which is in none of its files`,
      "Fetch index and weights again, from one place",
    )
  return safetensorsModel(folder.name, config, { tensors, lack })
}
