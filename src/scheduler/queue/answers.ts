import type { JobId } from "../../protocol/ids.ts"
import { entryOf } from "./entry-of.ts"
import type { Found } from "./found.ts"
import type { Line } from "./line.ts"
import { type KeptFirst, keptFirst, ONE_TURN, type OtherTurns, otherTurnsOf, type TurnTaken } from "./other-turns.ts"
import type { QueuePass } from "./queue-pass.ts"
import type { QueueEntry } from "./queue-plan.ts"
import { SeveralParts } from "./several-parts.ts"

const NOTHING_FOUND: readonly Found[] = []

/** Entries of a job in several partitions. */
interface PartsTold {
  /** Before which of the other entries they stand. */
  index: number
  place: number
  readonly entries: QueueEntry[]
  readonly turns: Map<number, TurnTaken>
}

/** What a pass found, line by line. */
export class Answers {
  readonly #lines: readonly Line[]
  /** By line, of jobs in one partition. */
  readonly #answers: (readonly Found[] | undefined)[]
  /** Of lines that were looked at before their turn how much was found by then; of that what others made room for comes first. */
  readonly #own = new Map<number, number>()
  readonly #parts = new Map<JobId, SeveralParts>()

  /** @param lines in order of the queue */
  constructor(lines: readonly Line[]) {
    this.#lines = lines
    this.#answers = new Array<readonly Found[] | undefined>(lines.length).fill(undefined)
  }

  /** Found before its turn, on its sender's own host. */
  setOwn(at: number, found: readonly Found[]): void {
    this.#own.set(at, (this.#answers[at]?.length ?? 0) + found.length)
    this.add(at, found)
  }

  add(at: number, found: readonly Found[]): void {
    if (found.length === 0) return
    const { spec, asking } = this.#lines[at]!
    if (!asking.hasSeveralTurns) {
      const before = this.#answers[at]
      this.#answers[at] = before === undefined ? found : [...before, ...found]
      return
    }
    let parts = this.#parts.get(spec.id)
    if (parts === undefined) {
      parts = new SeveralParts(spec)
      this.#parts.set(spec.id, parts)
    }
    parts.add(at, found)
  }

  /** The first of what the line's job has. */
  of(at: number): Found | undefined {
    return this.#partsOf(at)?.first ?? this.#answers[at]?.[0]
  }

  /** All that its job has. */
  allOf(at: number): readonly Found[] {
    return this.#partsOf(at)?.all ?? this.#answers[at] ?? NOTHING_FOUND
  }

  /** In place of all that was found for its job. */
  replace(at: number, found: Found): void {
    const parts = this.#partsOf(at)
    if (parts === undefined) this.#answers[at] = [found]
    else parts.replace(at, found)
  }

  /** Entries in order of the queue. Places count jobs, not lines: a job stands where it first has an answer. */
  entries(pass: QueuePass): { readonly entries: QueueEntry[]; readonly otherTurns: ReadonlyMap<JobId, OtherTurns> } {
    const entries: QueueEntry[] = []
    const more = new Map<JobId, PartsTold>()
    let place = 0
    let decisions = 0
    const goneOwn: KeptFirst[] = []
    for (let at = 0; at < this.#lines.length; at++) {
      const answer = this.#answers[at]
      const line = this.#lines[at]!
      for (const gone of pass.ownHolds.goneAt(line)) goneOwn.push(keptFirst(gone, decisions + 0.5))
      const own = this.#own.get(at) ?? 0
      if (answer !== undefined) {
        place++
        for (let i = 0; i < answer.length; i++)
          entries.push(entryOf(pass.scene, line, answer[i]!, place, ++decisions, i < own))
        continue
      }
      const parts = this.#partsOf(at)
      if (parts === undefined) continue
      const told: PartsTold = more.get(line.spec.id) ?? { index: -1, place: 0, entries: [], turns: new Map() }
      more.set(line.spec.id, told)
      const before = decisions
      const [times, rest] = [parts.timesAt(at), parts.restAt(at)]
      if (told.index === -1 && (times.length > 0 || rest !== null)) {
        told.index = entries.length
        told.place = ++place
      }
      for (const [i, found] of times.entries())
        told.entries.push(entryOf(pass.scene, line, found, told.place, ++decisions, i < own))
      told.turns.set(at, { line, before, after: decisions })
      if (rest !== null) told.entries.push(entryOf(pass.scene, line, rest, told.place, ++decisions))
    }
    const otherTurns = new Map<JobId, OtherTurns>()
    for (const [id, { turns }] of more) otherTurns.set(id, otherTurnsOf(turns, this.#parts.get(id)!))
    for (const { job, kept } of goneOwn) {
      const { orders, reasons, keptMeanwhile } = otherTurns.get(job) ?? ONE_TURN
      otherTurns.set(job, { orders, reasons, keptMeanwhile: [...keptMeanwhile, kept] })
    }
    return { entries: withParts(entries, [...more.values()]), otherTurns }
  }

  #partsOf(at: number): SeveralParts | undefined {
    return this.#parts.size === 0 ? undefined : this.#parts.get(this.#lines[at]!.spec.id)
  }
}

/** @param told in order of their first turns */
function withParts(entries: QueueEntry[], told: readonly PartsTold[]): QueueEntry[] {
  if (told.length === 0) return entries
  const all: QueueEntry[] = []
  let from = 0
  for (const one of [...told].sort((a, b) => a.place - b.place)) {
    for (; from < one.index; from++) all.push(entries[from]!)
    for (const entry of one.entries.sort(byTask)) all.push(entry)
  }
  for (; from < entries.length; from++) all.push(entries[from]!)
  return all
}

/** Tasks as they are numbered, then what has no time. */
function byTask(a: QueueEntry, b: QueueEntry): number {
  return (a.task ?? Number.POSITIVE_INFINITY) - (b.task ?? Number.POSITIVE_INFINITY) || 0
}
