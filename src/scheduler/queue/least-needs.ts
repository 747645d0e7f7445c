import { DEFAULT_MEMORY_BYTES, type Resources } from "../../protocol/resources.ts"
import type { Profile } from "../calendar/profile.ts"
import { takesJobs } from "../obstacle.ts"
import type { Line } from "./line.ts"
import type { QueueScene } from "./queue-scene.ts"

type Asks = Pick<Line, "asking">

/** Of each line of a queue, the least of each resource that it or anybody behind it asks for: a host with less takes none of them. */
export class LeastNeeds {
  readonly #memory: Float64Array
  readonly #gpus: Float64Array
  /** On hosts without a GPU, where it was left open whether one is needed. */
  readonly #gpusElsewhere: Float64Array
  readonly #cores: Float64Array
  readonly #lines: readonly Asks[]

  /** @param before of a queue of which many lines are the same: only what differs is looked at, and before that as far as it makes a difference */
  constructor(lines: readonly Asks[], before?: LeastNeeds) {
    const column = () => new Float64Array(lines.length + 1).fill(Number.POSITIVE_INFINITY)
    this.#lines = lines
    this.#memory = column()
    this.#gpus = column()
    this.#gpusElsewhere = column()
    this.#cores = column()
    if (before === undefined) this.#reckon(lines.length)
    else this.#reckonFrom(before)
  }

  /** @param at of the first line that is meant; beyond the last one nothing has room anywhere */
  from(at: number, { gpus }: Pick<Resources, "gpus">): Resources {
    return {
      memoryBytes: this.#memory[at]!,
      gpus: (gpus > 0 ? this.#gpus : this.#gpusElsewhere)[at]!,
      cores: this.#cores[at]!,
    }
  }

  /** What those before `end` ask for, where all from there on is known. @param isKnown whether it is known what is asked from a line on */
  #reckon(end: number, isKnown?: (at: number) => boolean): void {
    const [memory, gpus, gpusElsewhere, cores] = this.#columns
    for (let at = end - 1; at >= 0; at--) {
      const { resources } = this.#lines[at]!.asking
      memory[at] = Math.min(memory[at + 1]!, resources.memoryBytes ?? DEFAULT_MEMORY_BYTES)
      gpus[at] = Math.min(gpus[at + 1]!, resources.gpus ?? 1)
      gpusElsewhere[at] = Math.min(gpusElsewhere[at + 1]!, resources.gpus ?? 0)
      cores[at] = Math.min(cores[at + 1]!, resources.cores)
      if (isKnown?.(at) === true) return
    }
  }

  #reckonFrom(before: LeastNeeds): void {
    const { length } = this.#lines
    const { head, tail } = commonEnds(before.#lines, this.#lines)
    const columns = this.#columns
    const known = before.#columns
    const fromEnd = length - tail
    for (const [column, values] of known.entries())
      columns[column]!.set(values.subarray(before.#lines.length - tail), fromEnd)
    this.#reckon(fromEnd, (at) => {
      // Once it comes to the same it does so for all before, too.
      if (at >= head || columns.some((column, one) => column[at] !== known[one]![at])) return false
      for (const [column, values] of known.entries()) columns[column]!.set(values.subarray(0, at))
      return true
    })
  }

  get #columns(): readonly [Float64Array, Float64Array, Float64Array, Float64Array] {
    return [this.#memory, this.#gpus, this.#gpusElsewhere, this.#cores]
  }
}

/** How many are the same at the beginning and, of the others, at the end. */
function commonEnds<T>(some: readonly T[], others: readonly T[]): { readonly head: number; readonly tail: number } {
  const most = Math.min(some.length, others.length)
  let tail = 0
  while (tail < most && some[some.length - 1 - tail] === others[others.length - 1 - tail]) tail++
  let head = 0
  while (head < most - tail && some[head] === others[head]) head++
  return { head, tail }
}

/** Which hosts could take anything now, while a pass goes down the queue. */
export class OpenHosts {
  readonly #least: LeastNeeds
  /** The last one could take something still. */
  readonly #open: Profile[]

  constructor(scene: QueueScene, profiles: readonly Profile[], least: LeastNeeds) {
    this.#least = least
    this.#open = scene.hosts.flatMap((host, place) => (takesJobs(host) ? profiles[place]! : []))
  }

  /** Whether one has room now for the least that is asked for from this line on. */
  takeAnyFrom(at: number): boolean {
    while (this.#open.length > 0) {
      const last = this.#open.at(-1)!
      if (last.hasRoomNow(this.#least.from(at, last.total), false)) return true
      // Room only shrinks, and what is asked for at the least only grows.
      this.#open.pop()
    }
    return false
  }
}
