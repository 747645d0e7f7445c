/** The shortest value that is masked: shorter ones stand in ordinary output by chance. */
export const SHORTEST_SECRET_BYTES = 8

/**
 * Replaces secrets in a stream of bytes by as many `*`, also where a secret crosses from one chunk into the next.
 *
 * A byte is masked when any occurrence of any secret covers it, so the result depends only on the whole stream, not on
 * where it was cut. What could be the beginning of a secret is held back until more comes: at most the longest secret less one
 * byte, and nothing at all for ordinary text.
 */
export class SecretMask {
  readonly #secrets: readonly Buffer[]
  /** Read but not given out, as it was read: it may begin a secret. Before it lie `#context` bytes already given out. */
  #held: Buffer = Buffer.alloc(0)
  #context = 0

  constructor(secrets: Iterable<string>) {
    const wanted = [...new Set([...secrets].flatMap(withLines))].map((text) => Buffer.from(text))
    this.#secrets = wanted.filter((bytes) => bytes.length >= SHORTEST_SECRET_BYTES)
  }

  get idle(): boolean {
    return this.#secrets.length === 0
  }

  /** How far before a position reading must begin so that a secret crossing it is seen. */
  get reachBytes(): number {
    return this.#secrets.reduce((most, secret) => Math.max(most, secret.length - 1), 0)
  }

  /** Begins anew at a position, given up to `reachBytes` of what stands before it. */
  restart(before: Uint8Array): void {
    this.#held = Buffer.from(before)
    this.#context = before.length
  }

  /** Takes the next bytes and returns those that are now certain, masked. `last`: nothing follows, hold nothing back. */
  push(chunk: Uint8Array, last: boolean): Uint8Array {
    if (this.idle) return chunk
    const data = Buffer.concat([this.#held, chunk])
    const certain = last ? data.length : Math.max(this.#context, data.length - this.#openEnd(data))
    const out = Buffer.from(data.subarray(this.#context, certain))
    for (const secret of this.#secrets) {
      for (let at = data.indexOf(secret); at >= 0; at = data.indexOf(secret, at + 1)) {
        const from = Math.max(0, at - this.#context)
        const to = Math.min(out.length, at + secret.length - this.#context)
        if (to > from) out.fill(0x2a, from, to)
      }
    }
    const keepFrom = Math.max(0, certain - this.reachBytes)
    this.#context = certain - keepFrom
    this.#held = Buffer.from(data.subarray(keepFrom))
    return out
  }

  /** The length of the longest end of `data` that is the beginning of a secret, but not a whole one. */
  #openEnd(data: Buffer): number {
    let open = 0
    for (const secret of this.#secrets) {
      for (let length = Math.min(secret.length - 1, data.length); length > open; length--) {
        if (data.compare(secret, 0, length, data.length - length) === 0) {
          open = length
          break
        }
      }
    }
    return open
  }
}

/** A secret of several lines (a key in PEM) is often printed line by line, indented or quoted: each line is one by itself. */
function withLines(secret: string): string[] {
  const lines = secret.split(/\r?\n/).map((line) => line.trim())
  return lines.length === 1 ? [secret] : [secret, ...lines]
}
