import { closeSync, constants, existsSync, openSync } from "node:fs"

// Neither truncating nor appending: every write names its position.
const FLAGS = constants.O_RDWR | constants.O_CREAT

/** A file open for reading and writing. Release it after each use. */
export interface OpenFile {
  readonly path: string
  readonly fd: number
  users: number
}

/** Keeps the files written lately open, up to a number; the least recently used one not in use is closed first. */
export class OpenFiles implements Disposable {
  readonly #files = new Map<string, OpenFile>()
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Opens (creates, 0600) the file or takes the one already open. Its folder must exist. */
  acquire(path: string): OpenFile {
    let file = this.#files.get(path)
    if (file === undefined) {
      file = { path, fd: openSync(path, FLAGS, 0o600), users: 0 }
      this.#makeRoom()
    } else this.#files.delete(path)
    this.#files.set(path, file)
    file.users += 1
    return file
  }

  /** As {@link acquire}, but `undefined` where there is no such file. */
  acquireExisting(path: string): OpenFile | undefined {
    return this.#files.has(path) || existsSync(path) ? this.acquire(path) : undefined
  }

  release(file: OpenFile): void {
    file.users -= 1
  }

  /** Closes the file unless it is in use. */
  close(path: string): void {
    const file = this.#files.get(path)
    if (file === undefined || file.users > 0) return
    this.#files.delete(path)
    closeSync(file.fd)
  }

  /** Closes all files of a folder but those in use: what is removed there then gives back its room. */
  closeIn(folder: string): void {
    for (const path of [...this.#files.keys()]) if (path.startsWith(`${folder}/`)) this.close(path)
  }

  get count(): number {
    return this.#files.size
  }

  [Symbol.dispose](): void {
    for (const file of this.#files.values()) closeSync(file.fd)
    this.#files.clear()
  }

  #makeRoom(): void {
    if (this.#files.size < this.#limit) return
    for (const file of this.#files.values()) {
      if (file.users > 0) continue
      this.#files.delete(file.path)
      closeSync(file.fd)
      return
    }
  }
}
