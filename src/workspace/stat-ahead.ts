/**
 * A second thread that looks at the files of a large folder from its end, while a walk comes from its beginning: the two meet
 * in the middle. Most of a scan is system calls, and a Mac has cores to spare for them. Nobody ever waits for the thread:
 * what it has not seen when the walk gets there, the walk sees for itself.
 */
import type { MessagePort, Worker } from "node:worker_threads"
import type { FileNumbers, FolderRecord } from "./folder-record.ts"
import { joinPath } from "./safe-path.ts"

/** With fewer files than this, starting a thread costs more than it saves. */
const WORTH_FILES = 4_000

/** What was seen of one folder: its names, ascending, and at the same places the numbers of those that are files. */
export interface SeenFolder {
  readonly names: readonly string[]
  numbersOf(place: number): FileNumbers
}

interface Message {
  /** Places in the list of folders, and for each its names joined by "/". */
  readonly folders: readonly number[]
  readonly names: readonly string[]
  /** {@link EACH} for every name, in one run. */
  readonly numbers: Float64Array
}

interface Assignment {
  readonly root: string
  readonly folders: readonly string[]
  /** How far the walk has come: no use to look at anything before. */
  readonly reached: Int32Array
  readonly port: MessagePort
}

/** ino, size (-1 for what is no file), mtimeMs, ctimeMs */
const EACH = 4

export class StatAhead implements Disposable {
  /** Resolves when the thread has ended, by itself or because it failed. */
  readonly ended: Promise<void>
  readonly #worker: Worker
  readonly #receive: () => Message | undefined
  readonly #reached = new Int32Array(new SharedArrayBuffer(4))
  readonly #places = new Map<string, number>()
  readonly #seen = new Map<number, SeenFolder>()

  private constructor(root: string, record: FolderRecord) {
    const threads = process.getBuiltinModule("node:worker_threads")
    listFolders(record, "", this.#places)
    const { port1, port2 } = new threads.MessageChannel()
    this.#receive = () => threads.receiveMessageOnPort(port1)?.message as Message | undefined
    const workerData: Assignment = { root, folders: [...this.#places.keys()], reached: this.#reached, port: port2 }
    this.#worker = new threads.Worker(`(${lookFromTheEnd})()`, {
      eval: true,
      workerData,
      transferList: [port2],
      execArgv: [],
      env: {},
    })
    this.#worker.unref()
    this.#worker.on("error", () => {}) // The walk then sees to everything.
    this.ended = new Promise((resolve) => this.#worker.once("exit", () => resolve()))
  }

  /** Begins to look at the folders of the last scan, where it is worth it. Dispose of it after the walk. */
  static of(root: string, last: FolderRecord | undefined): StatAhead | undefined {
    return last === undefined || last.files < WORTH_FILES ? undefined : new StatAhead(root, last)
  }

  /** What was seen of a folder, if it has been looked at by now. */
  take(folder: string): SeenFolder | undefined {
    const place = this.#places.get(folder)
    if (place === undefined) return undefined
    Atomics.store(this.#reached, 0, place)
    for (let message = this.#receive(); message !== undefined; message = this.#receive()) this.#keep(message)
    const seen = this.#seen.get(place)
    this.#seen.delete(place)
    return seen
  }

  [Symbol.dispose](): void {
    Atomics.store(this.#reached, 0, this.#places.size)
    void this.#worker.terminate()
  }

  #keep({ folders, names, numbers }: Message): void {
    let at = 0
    for (const [i, folder] of folders.entries()) {
      const joined = names[i] ?? ""
      const inside = joined === "" ? [] : joined.split("/")
      this.#seen.set(folder, seenFolder(inside, numbers, at))
      at += inside.length * EACH
    }
  }
}

function seenFolder(names: readonly string[], numbers: Float64Array, start: number): SeenFolder {
  return {
    names,
    numbersOf(place) {
      const at = start + place * EACH
      return { ino: numbers[at]!, size: numbers[at + 1]!, mtimeMs: numbers[at + 2]!, ctimeMs: numbers[at + 3]! }
    },
  }
}

/** In the order in which a walk comes by. */
function listFolders(record: FolderRecord, path: string, places: Map<string, number>): void {
  places.set(path, places.size)
  for (const entry of record.entries)
    if (entry.kind === "folder") listFolders(entry, joinPath(path, entry.name), places)
}

/** Runs in the thread, from its text: it may refer to nothing outside of itself. */
function lookFromTheEnd(): void {
  const together = 500
  const fs = process.getBuiltinModule("node:fs")
  const { workerData } = process.getBuiltinModule("node:worker_threads")
  const { root, folders, reached, port } = workerData as Assignment
  let seen: number[] = []
  let names: string[] = []
  let numbers: number[] = []
  const look = (folder: string): { inside: string[]; found: number[] } | undefined => {
    const at = folder === "" ? root : `${root}/${folder}`
    try {
      const inside = fs.readdirSync(at).sort()
      // Names that another order or another reading may apply to are left to the walk.
      if (inside.some((name) => /[\ud800-\uffff]/.test(name))) return undefined
      const found: number[] = []
      for (const name of inside) {
        const stat = fs.lstatSync(`${at}/${name}`, { throwIfNoEntry: false })
        if (stat?.isFile()) found.push(stat.ino, stat.size, stat.mtimeMs, stat.ctimeMs)
        else found.push(0, -1, 0, 0)
      }
      return { inside, found }
    } catch {
      return undefined
    }
  }
  const tell = (): void => {
    port.postMessage({ folders: seen, names, numbers: Float64Array.from(numbers) })
    seen = []
    names = []
    numbers = []
  }
  for (let place = folders.length - 1; place > Atomics.load(reached, 0); place--) {
    const known = look(folders[place]!)
    if (known === undefined) continue
    seen.push(place)
    names.push(known.inside.join("/"))
    for (const number of known.found) numbers.push(number)
    if (numbers.length > together * 4) tell()
  }
  tell()
  port.close()
}
