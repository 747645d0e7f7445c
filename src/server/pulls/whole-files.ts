import { readGguf } from "../../hive/gguf/read-gguf.ts"
import { CutFile, type FileLack, requireWhole } from "../../hive/model/file-lack.ts"
import { readTensors } from "../../hive/safetensors/read-header.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { BlobFolder } from "../../workspace/blob-folder.ts"
import type { FileEntry } from "../../workspace/tree.ts"
import { storedFile } from "../models/stored-model.ts"

/**
 * Looks whether what came has all the weights that its headers name: a hub may have been given a file that was cut, with the hash of
 * that. What this cannot read is left to whoever serves it.
 * @throws {WindfallError} `invalid_input`
 */
export async function requireWholeFiles(
  blobs: BlobFolder,
  model: string,
  entries: readonly FileEntry[],
  signal: AbortSignal,
): Promise<void> {
  for (const entry of entries) requireWhole(await lackOf(blobs, entry, signal), "pull", model)
}

async function lackOf(blobs: BlobFolder, entry: FileEntry, signal: AbortSignal): Promise<FileLack | null> {
  const { name } = entry
  const read = /\.gguf$/i.test(name) ? readGguf : /\.safetensors$/i.test(name) ? readTensors : null
  if (read === null) return null
  try {
    return (await read(storedFile(name, entry, blobs), signal)).lack
  } catch (error) {
    if (error instanceof CutFile) return error.lack
    if (error instanceof WindfallError && error.code === "invalid_input") return null
    throw error
  }
}
