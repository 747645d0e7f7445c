/** Whole numbers that follow each other, both ends included. */
export interface IndexRun {
  readonly first: number
  readonly last: number
}

interface OpenRun {
  first: number
  last: number
}

/** A set of whole numbers from 0 on that mostly follow each other: 100,000 of them in a row cost as much as one. */
export class IndexSet implements Iterable<number> {
  readonly #runs: OpenRun[] = []
  #size = 0
  /** How many stand before each run; made when asked for after a change. */
  #before: number[] | undefined

  constructor(runs: Iterable<IndexRun> = []) {
    for (const { first, last } of runs) this.addRun(first, last)
  }

  /**
   * Reads what {@link toString} writes: `0-2,7,10-18:2`.
   * @throws {SyntaxError}
   */
  static parse(text: string): IndexSet {
    const set = new IndexSet()
    if (text === "") return set
    for (const part of text.split(",")) {
      const [, first, last = first, step = "1"] = /^(\d+)(?:-(\d+)(?::(\d+))?)?$/.exec(part) ?? []
      if (first === undefined || Number(step) === 0) throw new SyntaxError(`"${part}" is no run of numbers`)
      if (step === "1") set.addRun(Number(first), Number(last))
      else for (let index = Number(first); index <= Number(last); index += Number(step)) set.add(index)
    }
    return set
  }

  /** In order, with a gap between any two. */
  get runs(): readonly IndexRun[] {
    return this.#runs
  }

  get size(): number {
    return this.#size
  }

  /** The lowest; `undefined` of an empty set. */
  get first(): number | undefined {
    return this.#runs[0]?.first
  }

  has(index: number): boolean {
    const run = this.#runs[this.#runFor(index)]
    return run !== undefined && run.first <= index
  }

  add(index: number): void {
    this.addRun(index, index)
  }

  /** From `first` to `last`, whatever of it is there already. */
  addRun(first: number, last: number): void {
    const runs = this.#runs
    // Those that overlap it or touch it become one with it.
    const from = this.#runFor(first - 1)
    let to = from
    let [low, high, known] = [first, last, 0]
    for (let run = runs[to]; run !== undefined && run.first <= last + 1; run = runs[++to]) {
      low = Math.min(low, run.first)
      high = Math.max(high, run.last)
      known += run.last - run.first + 1
    }
    if (from === runs.length) runs.push({ first, last })
    else runs.splice(from, to - from, { first: low, last: high })
    this.#size += high - low + 1 - known
    this.#before = undefined
  }

  /** Whether it was there. */
  delete(index: number): boolean {
    const at = this.#runFor(index)
    const run = this.#runs[at]
    if (run === undefined || run.first > index) return false
    if (run.first === run.last) this.#runs.splice(at, 1)
    else if (run.first === index) run.first++
    else if (run.last === index) run.last--
    else this.#runs.splice(at, 1, { first: run.first, last: index - 1 }, { first: index + 1, last: run.last })
    this.#size--
    this.#before = undefined
    return true
  }

  /** Takes those out that are in `other`, too, and returns them. */
  takeAll(other: IndexSet): IndexSet {
    const taken = new IndexSet()
    const kept: OpenRun[] = []
    let at = 0
    for (const run of this.#runs) {
      let { first } = run
      while (at < other.#runs.length && other.#runs[at]!.last < first) at++
      for (let i = at; i < other.#runs.length && other.#runs[i]!.first <= run.last; i++) {
        const cut = other.#runs[i]!
        const [from, to] = [Math.max(first, cut.first), Math.min(run.last, cut.last)]
        if (from > first) kept.push({ first, last: from - 1 })
        taken.addRun(from, to)
        first = to + 1
      }
      if (first <= run.last) kept.push({ first, last: run.last })
    }
    this.#runs.splice(0, this.#runs.length)
    for (const run of kept) this.#runs.push(run)
    this.#size -= taken.size
    this.#before = undefined
    return taken
  }

  addAll(other: IndexSet): void {
    for (const { first, last } of other.#runs) this.addRun(first, last)
  }

  /** How many stand before this one; `undefined` where it is not there. */
  rankOf(index: number): number | undefined {
    const at = this.#runFor(index)
    const run = this.#runs[at]
    return run === undefined || run.first > index ? undefined : this.#counted()[at]! + index - run.first
  }

  /** The one with `rank` before it. */
  at(rank: number): number | undefined {
    if (rank < 0 || rank >= this.#size) return undefined
    const before = this.#counted()
    let [low, high] = [0, before.length - 1]
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (before[middle]! <= rank) low = middle
      else high = middle - 1
    }
    return this.#runs[low]!.first + rank - before[low]!
  }

  *[Symbol.iterator](): Generator<number> {
    for (const { first, last } of this.#runs) for (let index = first; index <= last; index++) yield index
  }

  /** `0-2,7,10-18:2`: three or more that are the same distance apart are written as one. */
  toString(): string {
    const parts: string[] = []
    const runs = this.#runs
    for (let at = 0; at < runs.length; ) {
      const length = this.#progression(at)
      const { first, last } = runs[at]!
      if (length >= 3) parts.push(`${first}-${runs[at + length - 1]!.last}:${runs[at + 1]!.first - first}`)
      else parts.push(first === last ? `${first}` : `${first}-${last}`)
      at += length >= 3 ? length : 1
    }
    return parts.join(",")
  }

  /** How many runs from this one on are single numbers the same distance apart. */
  #progression(at: number): number {
    const runs = this.#runs
    const isSingle = (i: number) => runs[i] !== undefined && runs[i].first === runs[i].last
    if (!isSingle(at) || !isSingle(at + 1)) return 1
    const step = runs[at + 1]!.first - runs[at]!.first
    let length = 2
    while (isSingle(at + length) && runs[at + length]!.first - runs[at + length - 1]!.first === step) length++
    return length
  }

  /** Where the first run is that ends at `index` or later. */
  #runFor(index: number): number {
    const runs = this.#runs
    let [low, high] = [0, runs.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (runs[middle]!.last < index) low = middle + 1
      else high = middle
    }
    return low
  }

  #counted(): readonly number[] {
    if (this.#before === undefined) {
      let sum = 0
      this.#before = this.#runs.map(({ first, last }) => {
        const before = sum
        sum += last - first + 1
        return before
      })
    }
    return this.#before
  }
}
