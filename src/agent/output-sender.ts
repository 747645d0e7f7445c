import { type FSWatcher, watch } from "node:fs"
import { join } from "node:path"
import type { OutputStream } from "../protocol/frames.ts"
import type { Outbox } from "./control-stream.ts"
import { OutputTail } from "./output-tail.ts"

/** Very short attempts end before it would pay to watch their files: at first they are looked at, after this long each. */
const LOOKS_MS = [4, 7, 14]
const STREAMS = ["stdout", "stderr"] as const

interface Source {
  readonly sequence: number
  readonly folder: string
  readonly tails: Readonly<Record<OutputStream, OutputTail>>
  watchers: FSWatcher[]
  complete: boolean
}

/**
 * Sends the output of all attempts: a piece of each in turn, as long as the link takes more. Files are watched; a look at
 * all of them now and then (`lookAtAll`) makes good for a missed event.
 */
export class OutputSender {
  readonly #outbox: Outbox
  readonly #punch: (path: string, offset: number, lengthBytes: number) => void
  readonly #sources = new Map<number, Source>()
  /** Those that may have something to send, in turn. */
  readonly #waiting = new Set<Source>()
  #pumping = false

  constructor(outbox: Outbox, punch: (path: string, offset: number, lengthBytes: number) => void) {
    this.#outbox = outbox
    this.#punch = punch
  }

  /** Begins to send an attempt's output from what the server has. A second call begins anew from there. */
  begin(options: {
    sequence: number
    folder: string
    headBytes: number
    tailBytes: number
    secrets: readonly string[]
    from: Readonly<Record<OutputStream, number>>
  }): void {
    this.end(options.sequence)
    const { sequence, folder, headBytes, tailBytes, secrets, from } = options
    const tail = (stream: OutputStream) => {
      const made = new OutputTail({ path: join(folder, stream), headBytes, tailBytes, secrets })
      if (from[stream] > 0 || secrets.length > 0) made.seek(from[stream])
      return made
    }
    const source: Source = {
      sequence,
      folder,
      tails: { stdout: tail("stdout"), stderr: tail("stderr") },
      watchers: [],
      complete: false,
    }
    this.#sources.set(sequence, source)
  }

  /** The attempt's files are there from now on. */
  started(sequence: number): void {
    const source = this.#sources.get(sequence)
    if (source !== undefined) this.#lookLater(source, 0)
  }

  /** All output there will be is in the files. */
  completed(sequence: number, totals: Readonly<Record<OutputStream, number>>): void {
    const source = this.#sources.get(sequence)
    if (source === undefined) return
    source.complete = true
    for (const stream of STREAMS) source.tails[stream].complete(totals[stream])
    unwatch(source)
    this.#look(source)
  }

  /** The server has this much. */
  received(sequence: number, offsets: Readonly<Record<OutputStream, number>>): void {
    const source = this.#sources.get(sequence)
    if (source === undefined) return
    for (const stream of STREAMS) source.tails[stream].received(offsets[stream])
    if (!source.complete) this.#reclaim(source)
  }

  /** Sends no more of it. */
  end(sequence: number): void {
    const source = this.#sources.get(sequence)
    if (source === undefined) return
    this.#sources.delete(sequence)
    this.#waiting.delete(source)
    close(source)
  }

  lookAtAll(): void {
    for (const source of this.#sources.values()) {
      if (source.complete && source.tails.stdout.done && source.tails.stderr.done) continue
      this.#reclaim(source)
      this.#waiting.add(source)
    }
    this.pump()
  }

  /** Sends while the link takes it. To be called again when it has drained. */
  pump(): void {
    if (this.#pumping) return
    this.#pumping = true
    try {
      while (this.#waiting.size > 0 && !this.#outbox.congested) {
        for (const source of this.#waiting) {
          this.#waiting.delete(source)
          if (this.#sendPiece(source)) this.#waiting.add(source)
          if (this.#outbox.congested) break
        }
      }
    } finally {
      this.#pumping = false
    }
  }

  /** Sends at most one piece of each stream; true when there may be more. */
  #sendPiece(source: Source): boolean {
    let more = false
    for (const stream of STREAMS) {
      const piece = source.tails[stream].next()
      if (piece === null) continue
      more = true
      this.#outbox.sendOutput({ sequence: source.sequence, stream, ...piece })
    }
    if (source.tails.stdout.done && source.tails.stderr.done) close(source)
    return more
  }

  #look(source: Source): void {
    this.#waiting.add(source)
    this.pump()
  }

  #lookLater(source: Source, turn: number): void {
    setTimeout(() => {
      if (source.complete || this.#sources.get(source.sequence) !== source) return
      if (turn + 1 < LOOKS_MS.length) this.#lookLater(source, turn + 1)
      else this.#watch(source)
      this.#look(source)
    }, LOOKS_MS[turn])
  }

  #watch(source: Source): void {
    for (const stream of STREAMS) {
      try {
        const watcher = watch(join(source.folder, stream), { persistent: false }, () => this.#look(source))
        watcher.on("error", () => {})
        source.watchers.push(watcher)
      } catch {
        // No file yet, or no watches left on this system: the look at all finds it.
      }
    }
  }

  #reclaim(source: Source): void {
    for (const stream of STREAMS) {
      for (const range of source.tails[stream].reclaim()) {
        this.#punch(join(source.folder, stream), range.offset, range.lengthBytes)
      }
    }
  }
}

function unwatch(source: Source): void {
  for (const watcher of source.watchers) watcher.close()
  source.watchers = []
}

function close(source: Source): void {
  unwatch(source)
  for (const stream of STREAMS) source.tails[stream].close()
}
