import type { ByteSource } from "../hive/model/byte-source.ts"
import { WindfallError } from "../protocol/errors.ts"
import { readContentRange, strongEtag } from "./answer-headers.ts"
import { askHub, type HubAnswer } from "./ask-hub.ts"
import { type Hub, hubAddress } from "./hub.ts"
import { HubTrouble, Patience } from "./patience.ts"

/** The bytes behind a name are others than before: what has come of them is worth nothing. */
export class FileChanged extends Error {}

/** A hub that gave ranges before gives none any more. */
export class RangesRefused extends HubTrouble {}

/** So often in a row one connection may say that the file is another, or get all of it for a range, until that is believed. */
const TIMES_BELIEVED = 3

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

  /**
   * Whether ranges of it can be fetched apart from each other: a 206 with just the bytes that were asked for, of a file of the right
   * length or with a strong ETag. Asks for the last byte.
   * @throws as {@link pieces}
   */
  honoursRanges(signal: AbortSignal): Promise<boolean> {
    const first = this.sizeBytes - 1
    return new Patience(this.#hub, this.#doing, signal).until(async () => {
      using _ = await this.#hub.connections?.take(signal)
      await using answer = await this.#ask(first, this.sizeBytes, signal)
      if (answer.status !== 206) return false
      const range = readContentRange(answer.headers.get("content-range"))
      if (range === null || range.first !== first || range.last !== first) return false
      const etag = answer.headers.get("etag")
      const isOne = range.total === null ? strongEtag(etag) !== null : range.total === this.sizeBytes
      // Whichever of several connections is answered first after this has no say in which file is meant.
      if (isOne) this.#noteAnswer(etag)
      return isOne
    })
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
        if (times > 0) throw new WindfallError("hub_unreachable", `Cannot ${this.#doing}: ${error.message}`)
        this.forget()
      }
    }
  }

  /**
   * The bytes from `from` on up to `end`, in order, each once.
   * @param options.rangesOnly for one of several connections: what one answer says against the others is not believed at once, and all of
   *   the file in place of a range is no answer
   * @throws {FileChanged} when they are others than before; {RangesRefused}; {WindfallError} as hubs refuse, hub_unreachable
   */
  async *pieces(
    from: number,
    end: number,
    signal: AbortSignal,
    { rangesOnly = false }: { readonly rangesOnly?: boolean } = {},
  ): AsyncGenerator<Uint8Array> {
    const patience = new Patience(this.#hub, this.#doing, signal)
    let at = from
    let gotOnAt = from
    let doubts = 0
    while (at < end) {
      try {
        using _ = await this.#hub.connections?.take(signal)
        await using answer = await this.#ask(at, end, signal)
        for await (const piece of this.#wanted(answer, at, end, rangesOnly)) {
          at += piece.length
          doubts = 0
          if (at - gotOnAt >= GOT_ON_BYTES) {
            gotOnAt = at
            patience.gotOn()
          }
          yield piece
        }
        if (at < end) throw new HubTrouble("it ended before its end")
      } catch (error) {
        const isDoubted = error instanceof FileChanged || error instanceof RangesRefused
        if (isDoubted && (!rangesOnly || ++doubts >= TIMES_BELIEVED)) throw error
        await patience.afterFailure(isDoubted ? new HubTrouble(error.message) : error)
      }
    }
  }

  #noteAnswer(etag: string | null): void {
    this.#isAsked = true
    this.#etag ??= etag
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
  async *#wanted(
    { status, headers, pieces }: HubAnswer,
    from: number,
    end: number,
    rangesOnly: boolean,
  ): AsyncGenerator<Uint8Array> {
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
      if (rangesOnly && end - from < this.sizeBytes)
        throw new RangesRefused("it sends all of it, not the range that was asked for")
      skip = from
    }
    this.#noteAnswer(etag)
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
