import * as path from "node:path"
import type { FolderRecord } from "./folder-record.ts"
import { makePrivateFolder } from "./make-folder.ts"
import { loadRecord, saveRecord } from "./record-codec.ts"

/** What the last scan of one folder found, kept in a file, so that the next one reads only files that changed. */
export class StatCache {
  readonly #file: string
  readonly #root: string
  #record: FolderRecord | undefined
  #saved: FolderRecord | undefined

  /** Loads the cache of the folder `root` from `file`. One that is absent, damaged or of another folder counts as empty. */
  constructor(file: string, root: string) {
    this.#file = file
    this.#root = path.resolve(root)
    const loaded = loadRecord(file)
    if (loaded?.note === this.#root) this.#record = this.#saved = loaded.record
  }

  get record(): FolderRecord | undefined {
    return this.#record
  }

  update(record: FolderRecord): void {
    this.#record = record
  }

  /** Writes the file when something changed. Losing it costs only time, so it is not synced. */
  save(): void {
    if (this.#record === undefined || this.#record === this.#saved) return
    makePrivateFolder(path.dirname(this.#file), "Name another folder for caches")
    saveRecord(this.#file, this.#record, this.#root)
    this.#saved = this.#record
  }
}
