/** Ways that begin alike share their beginning: what is found at the end of one is the same for all who take it. Level by level, as to join all keys for each of a hundred thousand jobs takes longer. */
export class Way<T> {
  end: T | undefined
  #next: Map<unknown, Way<T>> | undefined

  to(key: unknown): Way<T> {
    const known = this.#next?.get(key)
    if (known !== undefined) return known
    const way = new Way<T>()
    this.#next ??= new Map()
    this.#next.set(key, way)
    return way
  }
}
