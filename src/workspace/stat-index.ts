import { EMPTY_FOLDER, type FolderRecord } from "./folder-record.ts"
import { loadRecord, saveRecord } from "./record-codec.ts"

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
