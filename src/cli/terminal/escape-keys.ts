const TILDE = 0x7e
const DOT = 0x2e
const QUESTION = 0x3f

/** What keys typed come to: those for the host, and what was asked of the client itself. */
export interface FilteredKeys {
  readonly bytes: Uint8Array
  readonly asked: "leave" | "help" | null
}

/**
 * Finds `~.` and `~?` at the start of a line among the keys, as ssh does: `~~` types one tilde, any other key after the
 * tilde types both. Keys after a `~.` are dropped.
 */
export class EscapeKeys {
  #atLineStart = true
  #tilde = false

  filter(keys: Uint8Array): FilteredKeys {
    const bytes: number[] = []
    let asked: FilteredKeys["asked"] = null
    for (const key of keys) {
      if (this.#tilde) {
        this.#tilde = false
        if (key === DOT) return { bytes: Uint8Array.from(bytes), asked: "leave" }
        if (key === QUESTION) {
          asked = "help"
          continue
        }
        bytes.push(TILDE)
        if (key === TILDE) {
          this.#atLineStart = false
          continue
        }
      } else if (key === TILDE && this.#atLineStart) {
        this.#tilde = true
        continue
      }
      bytes.push(key)
      this.#atLineStart = key === 13 || key === 10
    }
    return { bytes: Uint8Array.from(bytes), asked }
  }
}
