import { open } from "node:fs/promises"
import { type ByteSource, brokenModel, type ModelFolder } from "../../hive/model/byte-source.ts"
import { requireWhole } from "../../hive/model/file-lack.ts"
import type { ModelFacts } from "../../hive/model/model-facts.ts"
import { readModel } from "../../hive/model/read-model.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import type { BlobFolder } from "../../workspace/blob-folder.ts"
import { CHUNK_BYTES, decodeChunkList, decodeTree, type FileEntry, type TreeEntry } from "../../workspace/tree.ts"

/** A model in a version of named data. */
export interface StoredModel {
  readonly facts: ModelFacts
  /** What an engine is to open, relative to the top of the data: a file, or "" for its top folder. */
  readonly path: string
  /** What it sees images by, likewise; `null`: nothing. */
  readonly projectorPath: string | null
}

/**
 * Reads a model's headers from the blobs of data; its weights are not read.
 * @param file the file in it; `null`: the one that is there
 * @throws {WindfallError} `invalid_input`, `file_not_found`, as readModel
 */
export async function readStoredModel(
  blobs: BlobFolder,
  data: { readonly name: string; readonly root: BlobHash },
  file: string | null,
  signal: AbortSignal,
): Promise<StoredModel> {
  const parts = (file ?? "").split("/").filter((part) => part !== "")
  const name = parts.pop() ?? null
  let entries = decodeTree(blobs.readSync(data.root))
  for (const part of parts) {
    const folder = entries.find((entry) => entry.name === part)
    if (folder?.kind !== "folder") throw missing(data.name, file ?? "")
    entries = decodeTree(blobs.readSync(folder.hash))
  }
  const named = name === null ? undefined : entries.find((entry) => entry.name === name)
  if (name !== null && named === undefined) throw missing(data.name, file ?? "")
  if (named?.kind === "folder") {
    const folder = new StoredFolder(name ?? data.name, decodeTree(blobs.readSync(named.hash)), blobs)
    return opened(await readModel(folder, null, signal), folder, [...parts, named.name])
  }
  const folder = new StoredFolder(parts.at(-1) ?? data.name, entries, blobs)
  return opened(await readModel(folder, name, signal), folder, parts)
}

/** Of a GGUF model an engine opens the first file, of others the folder. */
function opened(facts: ModelFacts, { first }: StoredFolder, parts: readonly string[]): StoredModel {
  requireWhole(facts.lack, "serve", facts.name)
  const path = facts.format === "gguf" && first !== null ? [...parts, first] : parts
  const { projector } = facts
  return {
    facts,
    path: path.join("/"),
    projectorPath: projector === null ? null : [...parts, projector.file].join("/"),
  }
}

function missing(data: string, file: string): WindfallError {
  return new WindfallError("file_not_found", `Cannot serve ${file}: the data ${data} has no such file`, {
    hint: `What it has: windfall data show ${data}`,
  })
}

/** A folder of data, as a model's. */
export class StoredFolder implements ModelFolder {
  readonly name: string
  readonly files: readonly string[]
  /** The first that was opened; of a model in parts that is the first part. */
  first: string | null = null
  readonly #entries: readonly TreeEntry[]
  readonly #blobs: BlobFolder

  constructor(name: string, entries: readonly TreeEntry[], blobs: BlobFolder) {
    this.name = name
    this.#entries = entries
    this.#blobs = blobs
    this.files = entries.map((entry) => entry.name)
  }

  async open(file: string): Promise<ByteSource> {
    const entry = this.#entries.find((one) => one.name === file)
    if (entry === undefined) throw new WindfallError("file_not_found", `Cannot read ${file}: there is no such file`)
    if (entry.kind !== "file") throw brokenModel(file, "it is no plain file")
    this.first ??= file
    return storedFile(file, entry, this.#blobs)
  }
}

/** A file of a tree, its chunks in a row. */
export function storedFile(name: string, entry: FileEntry, blobs: BlobFolder): ByteSource {
  const { hash, bytes, chunked } = entry
  const chunks = chunked ? decodeChunkList(blobs.readSync(hash), bytes) : [hash]
  return {
    name,
    sizeBytes: bytes,
    async read(offset, length) {
      const end = Math.min(bytes, offset + length)
      const read = new Uint8Array(Math.max(0, end - offset))
      for (let at = offset; at < end; ) {
        const index = chunked ? Math.floor(at / CHUNK_BYTES) : 0
        const start = at - index * CHUNK_BYTES
        const count = chunked ? Math.min(end - at, CHUNK_BYTES - start) : end - at
        await fill(blobs.path(chunks[index]!), read.subarray(at - offset, at - offset + count), start, name)
        at += count
      }
      return read
    },
  }
}

async function fill(path: string, into: Uint8Array, start: number, name: string): Promise<void> {
  await using file = await open(path, "r")
  for (let filled = 0; filled < into.length; ) {
    const { bytesRead } = await file.read(into, filled, into.length - filled, start + filled)
    if (bytesRead === 0)
      throw brokenModel(name, "the server has lost a part of it", "Bring it again: windfall model pull")
    filled += bytesRead
  }
}
