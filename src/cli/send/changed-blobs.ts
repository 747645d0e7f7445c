import type { BlobHash } from "../../protocol/ids.ts"
import type { EntryRecord, FileRecord, FolderRecord } from "../../workspace/folder-record.ts"
import type { PackBlob } from "../../workspace/pack.ts"
import { joinPath } from "../../workspace/safe-path.ts"
import { bytesBlob, sourceBlob } from "../../workspace/sources.ts"
import { CHUNK_BYTES, chunkLength, encodeChunkList, encodeTree } from "../../workspace/tree.ts"

/** A blob that may have to travel, and the file or folder it is (part of), for people. */
export interface TravellingBlob extends PackBlob {
  readonly path: string
  /** A folder's list or a chunk list: small, and nobody's file. */
  readonly isObject: boolean
}

/**
 * The blobs of a scanned folder, each once, folders after what is in them (so that what the server has of a folder is
 * whole). With `before`, only what that earlier scan did not have: folders that are equal are not even looked into.
 */
export function changedBlobs(
  folder: string,
  after: FolderRecord,
  before: FolderRecord | undefined,
): Map<BlobHash, TravellingBlob> {
  const blobs = new Map<BlobHash, TravellingBlob>()
  const add = (blob: PackBlob, path: string, isObject: boolean) => {
    if (!blobs.has(blob.hash)) blobs.set(blob.hash, { ...blob, path, isObject })
  }
  const addFile = (path: string, file: FileRecord) => {
    const at = joinPath(folder, path)
    if (file.chunks === null) {
      add(sourceBlob(file.hash, { path: at, start: 0, bytes: file.bytes }), path, false)
      return
    }
    file.chunks.forEach((hash, i) => {
      add(sourceBlob(hash, { path: at, start: i * CHUNK_BYTES, bytes: chunkLength(file.bytes, i) }), path, false)
    })
    add(bytesBlob(file.hash, encodeChunkList(file.chunks)), path, true)
  }
  const addFolder = (path: string, record: FolderRecord, earlier: FolderRecord | undefined) => {
    if (record.hash === earlier?.hash) return
    const known = new Map<string, EntryRecord>(earlier?.entries.map((entry) => [entry.name, entry]))
    for (const entry of record.entries) {
      const was = known.get(entry.name)
      if (entry.kind === "folder")
        addFolder(joinPath(path, entry.name), entry, was?.kind === "folder" ? was : undefined)
      else if (entry.kind === "file" && !(was?.kind === "file" && was.hash === entry.hash))
        addFile(joinPath(path, entry.name), entry)
    }
    add(bytesBlob(record.hash, encodeTree(record.entries)), path, true)
  }
  addFolder("", after, before)
  return blobs
}
