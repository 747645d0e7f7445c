import type { BlobHash } from "../protocol/ids.ts"
import type { BlobFolder } from "./blob-folder.ts"
import { EMPTY_FOLDER, type EntryRecord, type FolderRecord, recordFolder } from "./folder-record.ts"
import { loadRecord, saveRecord } from "./record-codec.ts"
import { decodeChunkList, decodeTree, EMPTY_TREE, type FolderEntry, type TreeEntry } from "./tree.ts"

/**
 * A workspace as it was handed to a job: what each file's content was and the numbers by which a change shows. Kept in a file
 * of the attempt, so that outputs are found also by an agent that did not start the job.
 */
export class StatIndex {
  readonly record: FolderRecord
  /** Wall clock when it was handed over; times of files are compared with it, so it is the kernel's own clock. */
  readonly takenAtMs: number

  constructor(record: FolderRecord, takenAtMs: number) {
    this.record = record
    this.takenAtMs = takenAtMs
  }

  /** Of an empty workspace. */
  static readonly empty = new StatIndex(EMPTY_FOLDER, 0)

  /**
   * Of the tree `root` where the numbers are lost: each file has to be read to see whether it is still the same.
   * @throws {WindfallError} blobs_missing
   */
  static ofTree(root: BlobHash, blobs: BlobFolder): StatIndex {
    const recordOf = (entry: TreeEntry): EntryRecord => {
      if (entry.kind === "folder") return folderOf(entry)
      if (entry.kind === "link") return { ...entry, ino: 0, ctimeMs: 0 }
      const chunks = entry.chunked ? decodeChunkList(blobs.readSync(entry.hash), entry.bytes) : null
      return { ...entry, ino: 0, mtimeMs: 0, ctimeMs: 0, chunks, fresh: true }
    }
    const folderOf = ({ name, mode, hash }: Omit<FolderEntry, "kind">): FolderRecord =>
      recordFolder(name, mode, hash === EMPTY_TREE ? [] : decodeTree(blobs.readSync(hash)).map(recordOf), "")
    return new StatIndex(folderOf({ name: "", mode: 0o700, hash: root }), 0)
  }

  /** Reads what `save` wrote; `undefined` when it is absent or damaged. */
  static load(file: string): StatIndex | undefined {
    const loaded = loadRecord(file)
    return loaded && new StatIndex(loaded.record, Number(loaded.note))
  }

  /** Writes it by rename. */
  save(file: string): void {
    saveRecord(file, this.record, String(this.takenAtMs))
  }
}
