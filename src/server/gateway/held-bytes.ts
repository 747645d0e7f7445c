import { hash } from "node:crypto"

/** What the bodies of all requests under way hold together. */
export class HeldBytes {
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  /** What one request holds. */
  hold(): BodyHold {
    let own = 0
    return {
      add: (bytes) => {
        own += bytes
        this.#bytes += bytes
      },
      release: () => {
        this.#bytes -= own
        own = 0
      },
    }
  }
}

export interface BodyHold {
  add(bytes: number): void
  /** It holds nothing any more. May be called again. */
  release(): void
}

/** Smaller ones are left to the heap, which gets rid of them in passing. */
const LARGE_BYTES = 64 * 1024

/**
 * The JSON of what an engine is asked. A large one lies outside of JavaScript's heap and is given back at once: texts of many megabytes would
 * lie in the heap, where nobody collects them as long as little else happens.
 */
export class HeldBody {
  /** Of what the engine is asked. */
  readonly digest: string
  #rest: string | Buffer
  #isSent = false

  /** @param text the JSON of an object with at least one field */
  constructor(text: string) {
    const bytes = text.length < LARGE_BYTES ? 0 : Buffer.byteLength(text)
    if (bytes === 0) {
      this.#rest = text.slice(1)
      this.digest = digestOf(text)
    } else {
      const buffer = Buffer.allocUnsafeSlow(bytes)
      buffer.write(text)
      this.#rest = buffer.subarray(1)
      this.digest = digestOf(buffer)
    }
  }

  /** For an engine: all of the body after `{"model":NAME,`. */
  forEngine(): string | Buffer {
    this.#isSent = true
    return this.#rest
  }

  /** Nobody asks for it any more. */
  free(): void {
    const rest = this.#rest
    this.#rest = ""
    // A connection that has got it may still be writing it.
    if (typeof rest !== "string" && !this.#isSent) (rest.buffer as ArrayBuffer).transfer(0)
  }
}

function digestOf(body: string | Buffer): string {
  return hash("sha256", body, "base64url")
}
