import { unservedText } from "../../hive/engines/choose-engine.ts"
import { ggufParts } from "../../hive/gguf/gguf-parts.ts"
import { BESIDE_WEIGHTS, INDEX_FILE } from "../../hive/hub/choose-files.ts"
import { requireWhole } from "../../hive/model/file-lack.ts"
import type { ModelFacts } from "../../hive/model/model-facts.ts"
import { isProjectorFile } from "../../hive/model/projector-file.ts"
import { readModel } from "../../hive/model/read-model.ts"
import type { StoredDataView } from "../../protocol/data-api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { dataNameProblem } from "../../protocol/job-data.ts"
import { fs, path } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import { sendData } from "../data/send-data.ts"
import { openModel } from "./model-files.ts"
import { refuseLinksOut } from "./model-links.ts"

/** Models are large by nature, and who names one means it. */
const WARN_BYTES = Number.MAX_SAFE_INTEGER

export interface PulledModel {
  readonly data: StoredDataView
  readonly facts: ModelFacts
  /** Why it is not served, in words; `null` where it is. */
  readonly unserved: string | null
}

/**
 * Brings a model's files to the server as data, once: what is there already does not travel again. Its headers are read first, so that what is
 * broken, cut or a header alone is refused before it travels.
 * @param name of the data; `null`: after the file or folder
 * @param images whether a projector of images belongs to a GGUF model
 * @param check refuses what is not to travel, by throwing
 * @param shared `null` leaves it as it is
 * @throws {WindfallError} as readModel and sendData
 */
export async function pullModel(
  cli: Cli,
  typed: string,
  name: string | null,
  shared: boolean | null,
  images: boolean,
  check: (facts: ModelFacts, dataName: string) => void = () => {},
): Promise<PulledModel> {
  const { signal } = new AbortController()
  const { folder, file, opened } = await openModel(cli, typed, signal, images)
  const full = path.resolve(cli.cwd, typed)
  const root = file === null ? full : path.dirname(full)
  const beside = besideWeights(file, folder.files)
  if (fs.existsSync(root)) refuseLinksOut(root, beside)
  const facts = await readModel(folder, file, signal, images)
  requireWhole(facts.lack, "pull", typed)
  const dataName = name ?? nameAfter(typed, path.basename(full))
  check(facts, dataName)
  const only = file === null ? withoutProjectors(folder.files, images) : filesWith(file, folder.files, facts)
  const needed = [...new Set([...opened(), ...beside])]
  const model = { only, needed, weights: opened().filter((one) => !/\.(?:json|jinja)$/i.test(one)) }
  const data = await sendData(cli, dataName, root, { shared, include: [], warnBytes: WARN_BYTES, yes: false, model })
  return { data, facts, unserved: unservedText(facts) }
}

/** What engines read beside safetensors: configuration, index, tokenizer. A GGUF file has all that in itself. */
function besideWeights(file: string | null, files: readonly string[]): readonly string[] {
  const isSafetensors = file === null ? files.includes("config.json") : /\.(?:safetensors|json)$/i.test(file)
  return isSafetensors ? files.filter((one) => BESIDE_WEIGHTS.has(one) || one === INDEX_FILE) : []
}

/** `null`: the folder as it is. */
function withoutProjectors(files: readonly string[], images: boolean): readonly string[] | null {
  return images || !files.some(isProjectorFile) ? null : files.filter((file) => !isProjectorFile(file))
}

/** All that belongs to a file: its parts, or for safetensors the model's folder. */
function filesWith(file: string, beside: readonly string[], { projector }: ModelFacts): readonly string[] {
  if (/\.gguf$/i.test(file)) return [...(ggufParts(file) ?? [file]), ...(projector === null ? [] : [projector.file])]
  return beside.filter((one) => /\.(safetensors|json|jinja|model|txt|tiktoken)$/i.test(one))
}

/** `Qwen3 30B-Q4_K_M-00001-of-00003.gguf` becomes `Qwen3-30B-Q4_K_M`. */
function nameAfter(typed: string, base: string): string {
  const name = base
    .replace(/(?:-\d{5}-of-\d{5})?\.(?:gguf|safetensors|json)$/i, "")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 63)
  if (dataNameProblem(name) === null) return name
  throw new WindfallError(
    "invalid_input",
    `Cannot name ${typed} after its file: ${JSON.stringify(base)} gives no name`,
    {
      hint: `Say one: windfall model pull ${typed} NAME`,
    },
  )
}
