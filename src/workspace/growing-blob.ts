import * as fs from "node:fs"
import { WindfallError } from "../protocol/errors.ts"
import { errorCode } from "./disk-error.ts"

const READ_BYTES = 512 * 1024

/**
 * A large blob that is still being written. It can be read meanwhile: what is there at once, the rest as it comes. The last piece waits until
 * the blob's hash has been verified, so that a wrong one never arrives whole anywhere.
 */
export class GrowingBlob {
  readonly bytes: number
  readonly #path: string
  #written = 0
  #end: "kept" | "dropped" | undefined
  #news = Promise.withResolvers<void>()

  /** @param path where it grows; read from the moment it is opened, so that it may be renamed meanwhile */
  constructor(path: string, bytes: number) {
    this.#path = path
    this.bytes = bytes
  }

  /** How much of it is here. */
  get written(): number {
    return this.#written
  }

  /** So many bytes are in the file. */
  grown(written: number): void {
    this.#written = written
    this.#tell()
  }

  /** Its hash was verified, or it will never be whole. */
  ended(end: "kept" | "dropped"): void {
    this.#end ??= end
    this.#tell()
  }

  /**
   * All of it, piece by piece, each good until the next one is asked for.
   * @throws {WindfallError} blobs_missing when it will not become whole
   */
  async *read(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const file = await fs.promises.open(this.#path, "r").catch((error: unknown) => {
      throw errorCode(error) === "ENOENT" ? gone() : error
    })
    const wake = () => this.#tell()
    signal.addEventListener("abort", wake, { once: true })
    const piece = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, this.bytes))
    try {
      for (let at = 0; at < this.bytes; ) {
        signal.throwIfAborted()
        if (this.#end === "dropped") throw gone()
        const ready = this.#end === "kept" ? this.bytes : Math.min(this.#written, this.bytes - 1)
        if (at >= ready) {
          await this.#news.promise
          continue
        }
        const { bytesRead } = await file.read(piece, 0, Math.min(piece.length, ready - at), at)
        if (bytesRead === 0) throw gone()
        at += bytesRead
        yield piece.subarray(0, bytesRead)
      }
    } finally {
      signal.removeEventListener("abort", wake)
      await file.close()
    }
  }

  #tell(): void {
    this.#news.resolve()
    this.#news = Promise.withResolvers()
  }
}

function gone(): WindfallError {
  return new WindfallError("blobs_missing", "Cannot pass a blob on: it did not come whole")
}
