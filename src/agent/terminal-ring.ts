/** The last bytes of a terminal's output, addressed by their offset from its first byte. Memory grows with need up to the bound. */
export class TerminalRing {
  readonly #maxBytes: number
  #store = Buffer.alloc(0)
  #end = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Offset after the last byte ever written. */
  get end(): number {
    return this.#end
  }

  /** Offset of the oldest byte still kept. */
  get start(): number {
    return Math.max(0, this.#end - this.#maxBytes)
  }

  write(bytes: Uint8Array): void {
    const kept = bytes.subarray(Math.max(0, bytes.length - this.#maxBytes))
    this.#grow(this.#end - this.start + kept.length)
    let at = (this.#end + bytes.length - kept.length) % this.#maxBytes
    for (let done = 0; done < kept.length; at = 0) {
      const piece = kept.subarray(done, done + this.#maxBytes - at)
      this.#store.set(piece, at)
      done += piece.length
    }
    this.#end += bytes.length
  }

  /** A copy of up to `maxBytes` from `offset`, which must be kept; shorter at the end and where the ring wraps. */
  read(offset: number, maxBytes: number): Buffer {
    if (offset < this.start || offset > this.#end) throw new RangeError(`offset ${offset} is not in the ring`)
    const at = offset % this.#maxBytes
    return Buffer.from(this.#store.subarray(at, at + Math.min(maxBytes, this.#end - offset, this.#maxBytes - at)))
  }

  /** Until the ring wraps for the first time, offsets are places in the store: it can grow by copying. */
  #grow(neededBytes: number): void {
    if (this.#store.length === this.#maxBytes || neededBytes <= this.#store.length) return
    const larger = Buffer.alloc(Math.min(this.#maxBytes, Math.max(64 * 1024, 2 ** Math.ceil(Math.log2(neededBytes)))))
    this.#store.copy(larger)
    this.#store = larger
  }
}
