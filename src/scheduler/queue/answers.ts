import type { JobId } from "../../protocol/ids.ts"
import type { Found } from "./found.ts"
import type { Line } from "./line.ts"
import type { QueuePass } from "./queue-pass.ts"
import type { QueueEntry } from "./queue-plan.ts"

/** What a pass found for each job, kept at that of its lines that has the best answer. */
export class Answers {
  readonly #lines: readonly Line[]
  /** By line. */
  readonly #answers: (readonly Found[] | undefined)[]
  /** Lines that were looked at before their turn. */
  readonly #own = new Set<number>()
  /** Of jobs with several lines: the one that has the answer. */
  readonly #best = new Map<JobId, number>()

  /** @param lines in order of the queue */
  constructor(lines: readonly Line[]) {
    this.#lines = lines
    this.#answers = new Array<readonly Found[] | undefined>(lines.length).fill(undefined)
  }

  /** Found before its turn, on its sender's own host. */
  setOwn(at: number, found: readonly Found[]): void {
    this.#own.add(at)
    this.#set(at, found)
  }

  /** A job with several lines: the first one's answer, unless another one has a better; it holds its place in each of them as long as it has a time in none. */
  add(at: number, found: readonly Found[]): void {
    if (found.length === 0) return
    const knownAt = this.#bestOf(at)
    const known = knownAt === undefined ? undefined : this.#answers[knownAt]
    if (known === undefined || rankOf(found) > rankOf(known)) this.#set(at, found)
    else if (rankOf(found) === rankOf(known)) this.#answers[knownAt!] = holdingBoth(known, found)
  }

  /** The first of what the line's job has. */
  of(at: number): Found | undefined {
    return this.#answers[this.#bestOf(at) ?? -1]?.[0]
  }

  /** In place of all that was found for its job. */
  replace(at: number, found: Found): void {
    this.#set(at, [found])
  }

  /** Entries in order of the queue. Places count jobs, not lines. */
  entries(pass: QueuePass): QueueEntry[] {
    const entries: QueueEntry[] = []
    let place = 0
    for (const [at, answer] of this.#answers.entries()) {
      if (answer === undefined) continue
      place++
      const ownersFirst = this.#own.has(at)
      for (const found of answer) entries.push(pass.entryOf(this.#lines[at]!, found, place, ownersFirst))
    }
    return entries
  }

  #bestOf(at: number): number | undefined {
    const { spec } = this.#lines[at]!
    return spec.partitions.length === 1 ? at : this.#best.get(spec.id)
  }

  #set(at: number, found: readonly Found[]): void {
    const { spec } = this.#lines[at]!
    if (spec.partitions.length > 1) {
      const before = this.#best.get(spec.id)
      if (before !== undefined) this.#answers[before] = undefined
      this.#best.set(spec.id, at)
    }
    this.#answers[at] = found
  }
}

function rankOf([first]: readonly Found[]): number {
  if (first === undefined || first.room === null) return 0
  return first.isStart ? 2 : 1
}

function holdingBoth(known: readonly Found[], found: readonly Found[]): readonly Found[] {
  const more = found.at(-1)!.holds
  if (more.length === 0) return known
  return known.map((one, at) =>
    at === known.length - 1 ? { ...one, holds: [...new Set([...one.holds, ...more])] } : one,
  )
}
