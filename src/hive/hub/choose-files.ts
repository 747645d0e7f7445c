import { formatBytes } from "../../base/bytes.ts"
import { closest } from "../../base/closest.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { brokenModel } from "../model/byte-source.ts"
import { isLeftBehind, isPickled } from "../model/left-behind.ts"
import { isProjectorFile, projectorsFor } from "../model/projector-file.ts"
import { type GgufChoice, ggufChoices, nameOf } from "./gguf-choices.ts"
import type { HubFileEntry, HubListing } from "./listing.ts"

export const INDEX_FILE = "model.safetensors.index.json"
const SINGLE_FILE = "model.safetensors"
const CONFIG_FILE = "config.json"

/** What picks the safetensors of a repository that has GGUF files, too. */
export const SAFETENSORS = "safetensors"

/** What is fetched of a repository. */
export interface ChosenFiles {
  readonly format: "gguf" | "safetensors"
  /** What was picked, as a name for it; `null` where there was nothing to choose. */
  readonly label: string | null
  readonly files: readonly HubFileEntry[]
}

/** Configuration, tokenizer and templates, as engines read them. No program: whatever a repository has of those stays there. */
export const BESIDE_WEIGHTS: ReadonlySet<string> = new Set([
  CONFIG_FILE,
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "tokenizer.model",
  "tiktoken.model",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.json",
  "vocab.txt",
  "merges.txt",
  "chat_template.json",
  "chat_template.jinja",
  "preprocessor_config.json",
  "processor_config.json",
  "video_preprocessor_config.json",
])

/**
 * What a model needs of a repository: one GGUF model with all its parts, or safetensors with configuration and tokenizer. Never
 * pickles, and no programs.
 * @param pick a quantisation, a file, or `SAFETENSORS`; `null`: the one there is
 * @param withImages whether a projector of images comes along with a GGUF model
 * @param index the files that the safetensors index names; `null`: not read yet
 * @returns "index" when that must be read first
 * @throws {WindfallError} file_not_found with near names, invalid_input when there are several or none
 */
export function chooseFiles(
  listing: HubListing,
  pick: string | null,
  index: readonly string[] | null,
  withImages = true,
): ChosenFiles | "index" {
  const choices = ggufChoices(listing.files)
  const has = (name: string) => listing.files.some(({ path }) => path === name)
  const hasSafetensors = has(SINGLE_FILE) || has(INDEX_FILE)
  if (pick?.toLowerCase() === SAFETENSORS || (pick === null && choices.length === 0)) {
    if (!hasSafetensors) throw noWeights(listing, choices)
    return chooseSafetensors(listing, index)
  }
  const chosen = chooseGguf(listing, choices, pick, hasSafetensors)
  return withImages ? withProjector(listing, chosen) : chosen
}

function chooseGguf(
  listing: HubListing,
  choices: readonly GgufChoice[],
  pick: string | null,
  hasSafetensors: boolean,
): ChosenFiles {
  if (choices.length === 0) throw unknownPick(listing, pick ?? "", choices, hasSafetensors)
  const [only, ...others] = pick === null ? choices : picked(choices, pick)
  if (only === undefined) throw unknownPick(listing, pick ?? "", choices, hasSafetensors)
  if (others.length > 0 || (pick === null && hasSafetensors)) {
    const found = [...(hasSafetensors ? [SAFETENSORS] : []), ...[only, ...others].map(labelText)]
    throw new WindfallError("invalid_input", `Cannot choose of ${listing.repository}: it has ${found.length} models`, {
      hint: `Name one of them, as in ${listing.repository}:${only.label}. There are: ${firstOf(found)}`,
      details: { choices: [...(hasSafetensors ? [SAFETENSORS] : []), ...choices.map(({ label }) => label)] },
    })
  }
  if (only.missing.length > 0)
    throw new WindfallError("file_not_found", `Cannot fetch ${only.label}: the hub lacks its part ${only.missing[0]}`)
  return {
    format: "gguf",
    label: only.quantisation ?? nameOf(only.files[0]?.path ?? "").replace(/\.gguf$/i, ""),
    files: only.files,
  }
}

/** What makes it see images lies beside the model, or at the top where that is in a folder. */
function withProjector({ files }: HubListing, chosen: ChosenFiles): ChosenFiles {
  const model = chosen.files[0]?.path ?? ""
  const folderOf = (path: string) => path.slice(0, path.length - nameOf(path).length)
  for (const folder of new Set([folderOf(model), ""])) {
    const beside = files.filter(({ path }) => folderOf(path) === folder)
    // All models count here, wherever they lie: one of the top may be another's.
    const models = files.filter(({ path }) => /\.gguf$/i.test(path) && !isProjectorFile(path))
    const names = [...models, ...beside].map(({ path }) => nameOf(path))
    const [first] = projectorsFor(nameOf(model), names)
    const projector = beside.find(({ path }) => nameOf(path) === first)
    if (projector !== undefined) return { ...chosen, files: [...chosen.files, projector] }
  }
  return chosen
}

/** By a file's whole path, by the label, by a file's name, by the quantisation: what is said exactly goes before. */
function picked(choices: readonly GgufChoice[], pick: string): readonly GgufChoice[] {
  const wanted = pick.toLowerCase()
  const ways: readonly ((one: GgufChoice) => boolean)[] = [
    ({ files }) => files.some(({ path }) => path === pick),
    ({ label }) => label.toLowerCase() === wanted,
    ({ files }) => files.some(({ path }) => nameOf(path) === pick),
    ({ quantisation }) => quantisation?.toLowerCase() === wanted,
  ]
  return ways.map((fits) => choices.filter(fits)).find((found) => found.length > 0) ?? []
}

function chooseSafetensors(listing: HubListing, index: readonly string[] | null): ChosenFiles | "index" {
  const byPath = new Map(listing.files.map((file) => [file.path, file]))
  if (!byPath.has(CONFIG_FILE))
    throw new WindfallError("file_not_found", `Cannot fetch ${listing.repository}: it has no ${CONFIG_FILE}`, {
      hint: "Beside safetensors files there must be the model's configuration",
    })
  const hasIndex = byPath.has(INDEX_FILE)
  if (hasIndex && index === null) return "index"
  const weights = hasIndex ? [INDEX_FILE, ...(index ?? [])] : [SINGLE_FILE]
  const lacks = weights.find((name) => !byPath.has(name))
  if (lacks !== undefined)
    throw new WindfallError(
      "file_not_found",
      `Cannot fetch ${listing.repository}: the hub lacks ${lacks}, which its index names`,
    )
  const names = new Set([...weights, ...BESIDE_WEIGHTS])
  return {
    format: "safetensors",
    label: null,
    files: listing.files.filter(({ path }) => names.has(path) && !isLeftBehind(path, weights)),
  }
}

/** Of a name in an error: what was published is as long as somebody likes. */
const MOST_QUOTED = 200

/**
 * The files that a safetensors index names, each once.
 * @throws {WindfallError} invalid_input
 */
export function filesOfIndex(index: Readonly<Record<string, unknown>>): readonly string[] {
  const map = index.weight_map
  const entries = typeof map === "object" && map !== null ? Object.entries(map) : []
  if (entries.length === 0) throw brokenModel(INDEX_FILE, "its weight_map names no safetensors files")
  const bad = entries.find(([, file]) => typeof file !== "string" || !/^[^/\\]+\.safetensors$/.test(file))
  if (bad === undefined) return [...new Set(entries.map(([, file]) => file as string))].sort()
  const [tensor, file] = bad.map((one) => (JSON.stringify(one) ?? "nothing").slice(0, MOST_QUOTED))
  const what = typeof bad[1] === "string" ? "which is no safetensors file of its folder" : "which is no file's name"
  throw brokenModel(INDEX_FILE, `its weight_map names ${file} for the tensor ${tensor}, ${what}`)
}

function noWeights({ repository, files }: HubListing, choices: readonly GgufChoice[]): WindfallError {
  if (choices.length > 0)
    return new WindfallError("file_not_found", `Cannot fetch safetensors of ${repository}: it has GGUF files only`, {
      hint: `Name one of them: ${firstOf(choices.map(labelText))}`,
    })
  const pickles = files.some(({ path }) => isPickled(path))
  const why = pickles
    ? "its weights are pickled, and loading those runs whatever its author wrote"
    : "it has neither GGUF nor safetensors files"
  return new WindfallError("invalid_input", `Cannot fetch ${repository}: ${why}`, {
    hint: "Look for one of the same model in GGUF (for llama.cpp) or from mlx-community (for mlx)",
  })
}

function unknownPick(
  { repository }: HubListing,
  pick: string,
  choices: readonly GgufChoice[],
  hasSafetensors: boolean,
): WindfallError {
  const labels = [...(hasSafetensors ? [SAFETENSORS] : []), ...choices.map(({ label }) => label)]
  const isBegun = (label: string) => label.toLowerCase().startsWith(pick.toLowerCase())
  const near = closest(pick, labels) ?? labels.find(isBegun)
  const all = labels.length === 0 ? "It has no GGUF files at all" : `There are: ${firstOf(labels)}`
  return new WindfallError(
    "file_not_found",
    `Cannot fetch ${JSON.stringify(pick.slice(0, 100))} of ${repository}: it has no such model`,
    {
      hint: near === undefined ? all : `Did you mean ${near}? ${all}`,
      details: { choices: labels },
    },
  )
}

function labelText({ label, files }: GgufChoice): string {
  const sizes = files.map(({ bytes }) => bytes)
  if (sizes.includes(null)) return label
  return `${label} (${formatBytes(sizes.reduce((sum: number, bytes) => sum + (bytes ?? 0), 0))})`
}

const MOST_NAMED = 40

function firstOf(names: readonly string[]): string {
  const more = names.length > MOST_NAMED ? `, and ${names.length - MOST_NAMED} more` : ""
  return names.slice(0, MOST_NAMED).join(", ") + more
}
