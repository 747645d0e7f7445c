/**
 * Losses in a row, by the requests that were there: a model that dies of each request is broken, one that dies of the same request again and again
 * is not. A loss at which a request was that was there at an earlier one may be of the same cause.
 */
export class BlamedLosses {
  /** For each cause that there must have been: the requests that were there whenever it may have been it. */
  #causes: ReadonlySet<string>[] = []

  /** How many different requests there must have been at the least. */
  get causes(): number {
    return this.#causes.length
  }

  /** @param present digests of the requests that may have been the cause @returns whether it may be of the same cause as an earlier one */
  note(present: ReadonlySet<string>): boolean {
    if (present.size === 0) return false
    const at = this.#causes.findIndex((cause) => !cause.isDisjointFrom(present))
    this.#causes = at < 0 ? [...this.#causes, present] : this.#causes.with(at, this.#causes[at]!.intersection(present))
    return at >= 0
  }

  clear(): void {
    this.#causes = []
  }
}
