import type { ByteSource } from "../hive/model/byte-source.ts"
import { WindfallError } from "../protocol/errors.ts"
import { readContentRange, strongEtag } from "./answer-headers.ts"
import { askHub, type HubAnswer } from "./ask-hub.ts"
import { type Hub, hubAddress } from "./hub.ts"
import { HubTrouble, Patience } from "./patience.ts"

/** The bytes behind a name are others than before: what has come of them is worth nothing. */
export class FileChanged extends Error {}

/** Tries count anew once so much has come. */
const GOT_ON_BYTES = 1024 ** 2

export interface HubFilePlace {
  readonly repository: string
  readonly commit: string
  readonly path: string
  readonly bytes: number
}

/** A file of a hub, read in ranges; a range that breaks is gone on with from where it broke. */
export class HubFile implements ByteSource {
  readonly name: string
  readonly sizeBytes: number
  readonly #hub: Hub
  readonly #address: URL
  readonly #doing: string
  /** Of the bytes where they lie, as the first answer told. */
  #etag: string | null = null
  #isAsked = false

  constructor(hub: Hub, { repository, commit, path, bytes }: HubFilePlace) {
    this.#hub = hub
    this.name = path.slice(path.lastIndexOf("/") + 1)
    this.sizeBytes = bytes
    this.#address = hubAddress(hub, `${repository}/resolve/${commit}/${path}`)
    this.#doing = `fetch ${path} of ${repository}`
  }

  /** Whatever was told of it before does not count any more. */
  forget(): void {
    this.#etag = null
    this.#isAsked = false
  }

  async read(offset: number, length: number, signal: AbortSignal): Promise<Uint8Array> {
    const end = Math.min(this.sizeBytes, offset + length)
    if (end <= offset) return new Uint8Array(0)
    for (let times = 0; ; times++) {
      const pieces: Uint8Array[] = []
      try {
        for await (const piece of this.pieces(offset, end, signal)) pieces.push(piece)
        return Buffer.concat(pieces)
      } catch (error) {
        if (!(error instanceof FileChanged)) throw error
        if (times > 0) throw new WindfallError("corrupt_data", `Cannot ${this.#doing}: ${error.message}`)
        this.forget()
      }
    }
  }

  /**
   * The bytes from `from` on up to `end`, in order, each once.
   * @throws {FileChanged} when they are others than before; {WindfallError} as hubs refuse, hub_unreachable
   */
  async *pieces(from: number, end: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const patience = new Patience(this.#hub, this.#doing, signal)
    let at = from
    let gotOnAt = from
    while (at < end) {
      try {
        await using answer = await this.#ask(at, end, signal)
        for await (const piece of this.#wanted(answer, at, end)) {
          at += piece.length
          if (at - gotOnAt >= GOT_ON_BYTES) {
            gotOnAt = at
            patience.gotOn()
          }
          yield piece
        }
        if (at < end) throw new HubTrouble("it ended before its end")
      } catch (error) {
        if (error instanceof FileChanged) throw error
        await patience.afterFailure(error)
      }
    }
  }

  #ask(from: number, end: number, signal: AbortSignal): Promise<HubAnswer> {
    const isWhole = from === 0 && end === this.sizeBytes
    const strong = strongEtag(this.#etag)
    return askHub(this.#hub, this.#address, {
      doing: this.#doing,
      signal,
      headers: {
        ...(isWhole ? {} : { range: `bytes=${from}-${end - 1}` }),
        ...(isWhole || strong === null ? {} : { "if-range": strong }),
      },
    })
  }

  /** What of an answer was asked for. */
  async *#wanted({ status, headers, pieces }: HubAnswer, from: number, end: number): AsyncGenerator<Uint8Array> {
    const etag = headers.get("etag")
    if (this.#isAsked && etag !== null && this.#etag !== null && etag !== this.#etag)
      throw new FileChanged("its bytes changed while they were fetched")
    if (status === 416) throw new FileChanged("it is shorter than the hub says")
    let skip = 0
    if (status === 206) {
      const range = readContentRange(headers.get("content-range"))
      if (range === null) throw new HubTrouble("it does not say which bytes it sends")
      if (range.total !== null && range.total !== this.sizeBytes)
        throw new FileChanged(`it has ${range.total} bytes, and the hub says ${this.sizeBytes}`)
      if (range.first !== from) throw new HubTrouble("it sends other bytes than were asked for")
    } else {
      // All of it: the hub knows no ranges, or has other bytes than those of which a range was asked for.
      const length = headers.get("content-length")
      if (length !== null && Number(length) !== this.sizeBytes)
        throw new FileChanged(`it has ${length} bytes, and the hub says ${this.sizeBytes}`)
      skip = from
    }
    this.#isAsked = true
    this.#etag ??= etag
    let left = end - from
    for await (const piece of pieces()) {
      const wanted = skip >= piece.length ? piece.subarray(0, 0) : piece.subarray(skip)
      skip -= piece.length - wanted.length
      if (wanted.length === 0) continue
      yield wanted.subarray(0, left)
      left -= Math.min(left, wanted.length)
      if (left === 0) return
    }
  }
}
