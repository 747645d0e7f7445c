import { ggufParts } from "../gguf/gguf-parts.ts"
import { isProjectorFile } from "../model/projector-file.ts"
import type { HubFileEntry } from "./listing.ts"
import { quantisationOf } from "./quantisation.ts"

/** One GGUF model of a repository: a file, or all parts of one. */
export interface GgufChoice {
  /** What it is picked by: its quantisation, or the path of its first file. */
  readonly label: string
  readonly quantisation: string | null
  /** In order. */
  readonly files: readonly HubFileEntry[]
  /** Names of parts that the repository lacks. */
  readonly missing: readonly string[]
}

/** What weights were quantised by. */
const NO_MODEL = /^imatrix|imatrix[^/]*\.gguf$/i

/** The GGUF models of a repository, by path. */
export function ggufChoices(files: readonly HubFileEntry[]): readonly GgufChoice[] {
  const models = files.filter(
    ({ path }) => /\.gguf$/i.test(path) && !NO_MODEL.test(nameOf(path)) && !isProjectorFile(path),
  )
  const byPath = new Map(models.map((file) => [file.path, file]))
  const choices = new Map<string, GgufChoice>()
  for (const file of [...models].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const folder = file.path.slice(0, file.path.length - nameOf(file.path).length)
    const parts = (ggufParts(nameOf(file.path)) ?? [nameOf(file.path)]).map((part) => folder + part)
    const [first = file.path] = parts
    if (choices.has(first)) continue
    const found = parts.map((part) => byPath.get(part)).filter((part) => part !== undefined)
    const quantisation = quantisationOf(file.path)
    const missing = parts.filter((part) => !byPath.has(part))
    choices.set(first, { label: quantisation ?? first, quantisation, files: found, missing })
  }
  const all = [...choices.values()]
  const isOnly = (one: GgufChoice) => all.filter(({ label }) => label === one.label).length === 1
  return all.map((one) => (isOnly(one) ? one : { ...one, label: one.files[0]?.path ?? one.label }))
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1)
}
