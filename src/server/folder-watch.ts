import { WindfallError } from "../protocol/errors.ts"

export interface FolderWatchOptions {
  readonly folder: string
  /** Whether the database's file is still where it was opened. */
  readonly isInPlace: () => boolean
  /** Told once each time it is found gone. */
  readonly onGone: (error: WindfallError) => void
}

/**
 * Notices that the data folder was removed or another put in its place while the server runs. SQLite goes on writing into a
 * file that nobody can open any more, so nothing that is changed then would last.
 */
export class FolderWatch {
  readonly #options: FolderWatchOptions
  #isGone = false

  constructor(options: FolderWatchOptions) {
    this.#options = options
  }

  /** Why nothing may be changed just now. Looks each time: that costs microseconds, a commit a thousand times as much. */
  refusal(): WindfallError | undefined {
    if (this.#options.isInPlace()) {
      this.#isGone = false
      return undefined
    }
    const error = new WindfallError(
      "data_folder_gone",
      `Cannot change anything: the server's data folder ${this.#options.folder} was removed or replaced while the server runs`,
      {
        hint: "Who runs the server must stop it, bring the folder back (from a backup, if need be) and start it again",
      },
    )
    if (!this.#isGone) {
      this.#isGone = true
      this.#options.onGone(error)
    }
    return error
  }
}
