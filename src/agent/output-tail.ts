import { closeSync, fstatSync, readSync } from "node:fs"
import { openIfThere } from "./own-file.ts"
import { SecretMask } from "./secret-mask.ts"

/** Output travels in pieces of at most this, so that no attempt and no message waits long for another. */
export const PIECE_BYTES = 64 * 1024
/** Holes are made in steps of this: small outputs never see one. */
const PUNCH_STEP_BYTES = 8 * 1024 * 1024
const BLOCK_BYTES = 4096

/** One for all tails: a piece is encoded before the next one is read. */
const pieceBuffer = Buffer.allocUnsafeSlow(PIECE_BYTES)

/** Output at an offset; without bytes, what was before it is gone. The bytes are valid until the next piece of any tail is read. */
export interface OutputPiece {
  readonly offset: number
  readonly bytes: Uint8Array
}

export interface ByteRange {
  readonly offset: number
  readonly lengthBytes: number
}

/**
 * Reads one output file from an offset as it grows, masked. Offsets are those of the file, as masking keeps lengths.
 *
 * Past the head only the last `tailBytes` matter: when more than that waits, what is between is left out, and the next
 * piece's offset shows the gap.
 */
export class OutputTail {
  readonly #path: string
  readonly #headBytes: number
  readonly #tailBytes: number
  readonly #mask: SecretMask
  #file: number | undefined
  /** Everything before has been given out. */
  #given = 0
  /** Everything before has been read: ahead of `given` by what the mask holds back. */
  #read = 0
  #receivedBytes = 0
  #frontBytes = 0
  #backBytes = 0
  #total: number | null = null

  constructor(options: { path: string; headBytes: number; tailBytes: number; secrets: Iterable<string> }) {
    this.#path = options.path
    this.#headBytes = options.headBytes
    this.#tailBytes = Math.max(options.tailBytes, PIECE_BYTES)
    this.#mask = new SecretMask(options.secrets)
  }

  /** Begins, or begins anew, at the offset the server has. */
  seek(offset: number): void {
    this.#given = offset
    this.#read = offset
    this.#receivedBytes = offset
    if (this.#mask.idle) return
    const from = Math.max(0, offset - this.#mask.reachBytes)
    const before = Buffer.alloc(offset - from)
    const count = offset > from && this.#open() ? this.#readAt(from, before, before.length) : 0
    this.#mask.restart(before.subarray(0, count))
  }

  /** The output is complete: nothing past `total` is given out, and nothing is held back any more. */
  complete(totalBytes: number): void {
    this.#total = totalBytes
  }

  /** Whether all there will ever be has been given out. */
  get done(): boolean {
    return this.#total !== null && this.#given >= this.#total
  }

  /** The next piece, or `null` when there is nothing now. */
  next(): OutputPiece | null {
    if (this.done) return null
    if (!this.#open()) return this.#total === null ? null : this.#nothingLeft(this.#total)
    const size = this.#sizeBytes()
    if (this.#given >= this.#headBytes && size - this.#given > this.#tailBytes) {
      const received = this.#receivedBytes
      this.seek(size - this.#tailBytes)
      this.#receivedBytes = received
    }
    const wanted = Math.min(PIECE_BYTES, size - this.#read)
    const count = wanted > 0 ? this.#readAt(this.#read, pieceBuffer, wanted) : 0
    this.#read += count
    const last = this.#total !== null && (this.#read >= this.#total || count === 0)
    if (count === 0 && !last) return null
    const bytes = this.#mask.push(pieceBuffer.subarray(0, count), last)
    const offset = this.#given
    this.#given += bytes.length
    if (last && bytes.length === 0 && this.#total !== null) return this.#nothingLeft(this.#total)
    return bytes.length === 0 ? null : { offset, bytes }
  }

  /** A job has removed the file, or cut it: what is gone will not come, and an empty piece at the end says so. */
  #nothingLeft(total: number): OutputPiece {
    this.#given = total
    return { offset: total, bytes: pieceBuffer.subarray(0, 0) }
  }

  /** The server has everything up to here, durably. */
  received(offset: number): void {
    this.#receivedBytes = Math.max(this.#receivedBytes, Math.min(offset, this.#given))
  }

  /**
   * Ranges that nobody will ever read again and whose space the disk may have back, each named once: what the server has,
   * and what lies between head and tail. Less what the mask must see before a position to know a secret that crosses it.
   */
  reclaim(): ByteRange[] {
    if (!this.#open()) return []
    const received = this.#receivedBytes - this.#mask.reachBytes
    const tail = this.#sizeBytes() - this.#tailBytes - this.#mask.reachBytes
    const front = wholeBlocks(this.#frontBytes, received)
    const back = wholeBlocks(Math.max(this.#headBytes, this.#backBytes, this.#receivedBytes), tail)
    if (front !== null) this.#frontBytes = front.offset + front.lengthBytes
    if (back !== null) this.#backBytes = back.offset + back.lengthBytes
    return [front, back].filter((range) => range !== null)
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }

  #sizeBytes(): number {
    const size = fstatSync(this.#file!).size
    return this.#total === null ? size : Math.min(size, this.#total)
  }

  #open(): boolean {
    this.#file ??= openIfThere(this.#path) ?? undefined
    return this.#file !== undefined
  }

  /** Reads what there is; 0 for what the disk does not give: one attempt's output is no reason to leave all others alone. */
  #readAt(offset: number, into: Buffer, lengthBytes: number): number {
    try {
      return readSync(this.#file!, into, 0, lengthBytes, offset)
    } catch {
      return 0
    }
  }
}

function wholeBlocks(from: number, to: number): ByteRange | null {
  const offset = Math.ceil(from / BLOCK_BYTES) * BLOCK_BYTES
  const end = Math.floor(to / BLOCK_BYTES) * BLOCK_BYTES
  return end - offset < PUNCH_STEP_BYTES ? null : { offset, lengthBytes: end - offset }
}
