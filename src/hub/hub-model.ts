import { type ChosenFiles, chooseFiles, filesOfIndex, INDEX_FILE } from "../hive/hub/choose-files.ts"
import { nameOf } from "../hive/hub/gguf-choices.ts"
import type { HubListing } from "../hive/hub/listing.ts"
import type { Repository } from "../hive/hub/repository.ts"
import { type ByteSource, type ModelFolder, readJsonObject } from "../hive/model/byte-source.ts"
import { WindfallError } from "../protocol/errors.ts"
import type { Hub } from "./hub.ts"
import { HubFile } from "./hub-file.ts"
import { fillIn, listRepository, type SizedFile } from "./list-repository.ts"

/** A model of a repository: which files it needs, at which commit. */
export interface HubModel {
  readonly repository: string
  readonly commit: string
  readonly format: ChosenFiles["format"]
  /** As {@link ChosenFiles}. */
  readonly label: string | null
  readonly files: readonly SizedFile[]
}

const MOST_INDEX_BYTES = 64e6

/**
 * Looks what a model of a repository needs; of its files at most the safetensors index is fetched.
 * @param withImages whether a projector of images belongs to a GGUF model
 * @throws {WindfallError} file_not_found, not_allowed, invalid_input, hub_unreachable
 */
export async function findModel(
  hub: Hub,
  wanted: Repository,
  signal: AbortSignal,
  withImages = true,
): Promise<HubModel> {
  const listing = await listRepository(hub, wanted, signal)
  let chosen = chooseFiles(listing, wanted.pick, null, withImages)
  if (chosen === "index") chosen = chooseFiles(listing, wanted.pick, await readIndex(hub, listing, signal), withImages)
  if (chosen === "index") throw new TypeError("The index was read, and is asked for again")
  const { repository, commit } = listing
  const files = await fillIn(hub, listing, chosen.files, signal)
  const names = files.map(({ path }) => nameOf(path))
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined)
    throw new WindfallError("invalid_input", `Cannot fetch ${repository}: two of its files are called ${twice}`)
  return { repository, commit, format: chosen.format, label: chosen.label, files }
}

async function readIndex(hub: Hub, listing: HubListing, signal: AbortSignal): Promise<readonly string[]> {
  const entries = listing.files.filter(({ path }) => path === INDEX_FILE)
  const [index] = await fillIn(hub, listing, entries, signal)
  if (index === undefined) throw new TypeError(`There is no ${INDEX_FILE}`)
  return filesOfIndex(await readJsonObject(new HubFile(hub, { ...listing, ...index }), MOST_INDEX_BYTES, signal))
}

/** A model where it lies: its headers are read by ranges, and nothing else is. */
export function hubFolder(hub: Hub, model: HubModel): { readonly folder: ModelFolder; readonly file: string | null } {
  const byName = new Map(model.files.map((file) => [nameOf(file.path), file]))
  const folder: ModelFolder = {
    name: model.repository,
    files: [...byName.keys()],
    async open(name): Promise<ByteSource> {
      const file = byName.get(name)
      if (file === undefined) throw new WindfallError("file_not_found", `Cannot read ${name}: the hub has no such file`)
      return new HubFile(hub, { ...model, ...file })
    },
  }
  return { folder, file: model.format === "gguf" ? (folder.files[0] ?? null) : null }
}
