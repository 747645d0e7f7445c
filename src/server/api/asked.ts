import { createHash, type Hash } from "node:crypto"

/** All that makes a request what it is, as one hash: method, path and body. A body that streams is hashed as it is read. */
export class Asked {
  readonly #hash: Hash
  readonly #pieces: AsyncGenerator<Uint8Array>
  #sha256: string | null = null

  /** @param body the whole of it, or what is still to be read */
  constructor(head: string, body: string | AsyncIterable<Uint8Array>) {
    this.#hash = createHash("sha256").update(`${head}\n`)
    this.#pieces = this.#read(typeof body === "string" ? [] : body)
    if (typeof body === "string") this.#sha256 = this.#hash.update(body).digest("hex")
  }

  /** In hex; `null` as long as not all of the body has been read. */
  get sha256(): string | null {
    return this.#sha256
  }

  /** The body, where it streams. To be read once. */
  bytes(): AsyncIterable<Uint8Array> {
    return this.#pieces
  }

  /** Reads what is left of the body, for its hash only. */
  async readAll(): Promise<string> {
    if (this.#sha256 === null) for await (const _ of this.#pieces);
    this.#sha256 ??= this.#hash.digest("hex")
    return this.#sha256
  }

  async *#read(body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of body) {
      this.#hash.update(piece)
      yield piece
    }
  }
}
