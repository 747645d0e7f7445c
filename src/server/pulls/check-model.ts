import { nameOf } from "../../hive/hub/gguf-choices.ts"
import type { ModelFolder } from "../../hive/model/byte-source.ts"
import { CutFile, type FileLack, requireWhole } from "../../hive/model/file-lack.ts"
import { readModel } from "../../hive/model/read-model.ts"
import type { Hub } from "../../hub/hub.ts"
import { type HubModel, hubFolder } from "../../hub/hub-model.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { PulledModel } from "../../store/pull-record.ts"
import type { BlobFolder } from "../../workspace/blob-folder.ts"
import type { FileEntry } from "../../workspace/tree.ts"
import type { Core } from "../core.ts"
import { StoredFolder } from "../models/stored-model.ts"
import { knownBlob } from "./find-content.ts"

/**
 * Reads the headers of a model where it lies, so that what is no model is refused before it is fetched, as one on a disk is. A small one is
 * here as soon as its headers are, and is looked at then: {@link checkFetched}. So is one whose hub is slow to say, or does not.
 * @throws {WindfallError} `invalid_input`, `file_not_found`, as readModel
 */
export async function checkAtHub(
  core: Core,
  user: string,
  hub: Hub,
  model: HubModel,
  caller: AbortSignal,
): Promise<void> {
  const { fromBytes, withinMs } = hub.limits.headers
  const missing = model.files.filter((file) => knownBlob(core, user, file) === undefined)
  if (missing.reduce((sum, { bytes }) => sum + bytes, 0) < fromBytes) return
  const late = AbortSignal.timeout(withinMs)
  const { folder, file } = hubFolder(hub, model)
  try {
    await check(folder, file, model.repository, AbortSignal.any([caller, late]))
  } catch (error) {
    caller.throwIfAborted()
    if (late.aborted || !isOfModel(error)) return
    throw error
  }
}

/**
 * Looks whether all that came is a model that can be served: a hub may have been given one that is cut, or is none.
 * @throws {WindfallError} `invalid_input`, `file_not_found`, as readModel
 */
export async function checkFetched(
  blobs: BlobFolder,
  { repository, files }: PulledModel,
  entries: readonly FileEntry[],
  signal: AbortSignal,
): Promise<void> {
  const [first] = files.map(({ path }) => nameOf(path)).filter((name) => /\.gguf$/i.test(name))
  await check(new StoredFolder(repository, entries, blobs), first ?? null, repository, signal)
}

async function check(folder: ModelFolder, file: string | null, repository: string, signal: AbortSignal): Promise<void> {
  requireWhole(await lackOf(folder, file, signal), "pull", repository)
}

async function lackOf(folder: ModelFolder, file: string | null, signal: AbortSignal): Promise<FileLack | null> {
  try {
    return (await readModel(folder, file, signal)).lack
  } catch (error) {
    if (error instanceof CutFile) return error.lack
    throw error
  }
}

/** Not of the way to the hub, which the fetching itself has patience with. */
function isOfModel(error: unknown): boolean {
  return error instanceof WindfallError && (error.code === "invalid_input" || error.code === "file_not_found")
}
