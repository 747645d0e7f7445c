/** A set of hosts by their place in the planner's list; of a fixed size. */
export class HostSet {
  readonly size: number
  readonly #words: Uint32Array

  constructor(size: number, words = new Uint32Array(Math.ceil(size / 32))) {
    this.size = size
    this.#words = words
  }

  static of(size: number, hosts: Iterable<number>): HostSet {
    const set = new HostSet(size)
    for (const host of hosts) set.add(host)
    return set
  }

  copy(): HostSet {
    return new HostSet(this.size, this.#words.slice())
  }

  has(host: number): boolean {
    return ((this.#words[host >>> 5] ?? 0) & (1 << (host & 31))) !== 0
  }

  add(host: number): void {
    this.#words[host >>> 5]! |= 1 << (host & 31)
  }

  delete(host: number): void {
    this.#words[host >>> 5]! &= ~(1 << (host & 31))
  }

  /** Leaves only what is in `other`, too. */
  keep(other: HostSet): void {
    for (let i = 0; i < this.#words.length; i++) this.#words[i]! &= other.#words[i]!
  }

  count(): number {
    let count = 0
    for (let word of this.#words) for (; word !== 0; word &= word - 1) count++
    return count
  }

  /** Whether both this and `wanted` have a host that `without` and `within` do not have in common. */
  offersMore(wanted: HostSet, within: HostSet, without: HostSet): boolean {
    for (let i = 0; i < this.#words.length; i++) {
      if ((this.#words[i]! & wanted.#words[i]! & ~(within.#words[i]! & without.#words[i]!)) !== 0) return true
    }
    return false
  }

  /** Their places, in order. */
  toArray(): number[] {
    const hosts: number[] = []
    for (let i = 0; i < this.#words.length; i++) {
      for (let rest = this.#words[i]!; rest !== 0; rest &= rest - 1) hosts.push(i * 32 + 31 - Math.clz32(rest & -rest))
    }
    return hosts
  }
}
