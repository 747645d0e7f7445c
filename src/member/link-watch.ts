/** Each token crosses a member's link once and comes back: one that takes this long is felt in every token. */
const SLOW_MS = 100
/** So many answers in a row: one may wait behind a prompt that travels. */
const IN_A_ROW = 5

/** Watches how long the answers of a member are on their way, and tells when its link becomes slow, and when it is no longer. Pure. */
export class LinkWatch {
  readonly #latest: number[] = []
  #isSlow = false

  /**
   * Takes the round trip of one pulse, in milliseconds.
   * @returns what is to be told: a usual round trip of a link that has become slow, `null` for one that is well again, `undefined` for nothing new
   */
  take(roundTripMs: number): number | null | undefined {
    this.#latest.push(roundTripMs)
    if (this.#latest.length > IN_A_ROW) this.#latest.shift()
    if (this.#latest.length < IN_A_ROW) return undefined
    const [least = 0] = this.#latest.toSorted((a, b) => a - b)
    const most = Math.max(...this.#latest)
    if (!this.#isSlow && least > SLOW_MS) {
      this.#isSlow = true
      return this.#latest.toSorted((a, b) => a - b)[Math.floor(IN_A_ROW / 2)]
    }
    if (!this.#isSlow || most > SLOW_MS) return undefined
    this.#isSlow = false
    return null
  }
}
