import type { HostId } from "../../protocol/ids.ts"
import type { Room } from "../calendar/calendar.ts"
import { taskIndices } from "../request/array-tasks.ts"
import type { Found } from "./found.ts"
import type { WaitReason } from "./queue-plan.ts"
import type { QueueJob } from "./queue-scene.ts"

/** What was kept for a job from its turn in one partition on, and given up at a later one. */
export interface GivenUp {
  /** The lines of both turns. */
  readonly at: number
  readonly untilAt: number
  /** What it had instead; `null`: places it held without a time. */
  readonly room: Room | null
  readonly holds: readonly HostId[]
}

interface Rest {
  readonly at: number
  readonly found: Found
}

/** What was found for a job in several partitions, line by line: one time for each of its tasks, and one answer for all that have none. */
export class SeveralParts {
  readonly givenUp: GivenUp[] = []
  /** By line, why not all of it has a time there. */
  readonly reasons = new Map<number, WaitReason>()
  readonly #job: QueueJob
  readonly #times = new Map<number, Found[]>()
  #rest: Rest | null = null

  constructor(job: QueueJob) {
    this.#job = job
  }

  add(at: number, found: readonly Found[]): void {
    for (const one of found) {
      if (one.room === null) {
        this.reasons.set(at, one.reason!)
        if (this.#left > 0) this.#wait({ at, found: one })
      } else {
        for (const room of one.gaveUp) this.#giveUp(room, at)
        const here = this.#times.get(at)
        if (here === undefined) this.#times.set(at, [one])
        else here.push(one)
      }
    }
    if (this.#rest !== null && this.#left === 0) this.#answer(null, at)
  }

  /** The first of all that was found. */
  get first(): Found | undefined {
    for (const [first] of this.#times.values()) if (first !== undefined) return first
    return this.#rest?.found
  }

  get all(): readonly Found[] {
    const times = [...this.#times.values()].flat()
    return this.#rest === null ? times : [...times, this.#rest.found]
  }

  /** In place of all. */
  replace(at: number, found: Found): void {
    this.#times.clear()
    this.#rest = { at, found }
  }

  /**
   * What stands at this line. Tasks are all the same, and are numbered as they will begin: as those that begin take the first numbers, who is told a time then keeps
   * it. Who may yet be later comes last.
   */
  timesAt(at: number): readonly Found[] {
    const here = this.#times.get(at) ?? []
    if (this.#job.array === null || here.length === 0) return here
    const all = [...this.#times.values()].flat()
    const inOrder = [...all.filter(begins), ...all.filter((one) => !begins(one)).sort(firmFirst)]
    const tasks = new Map<Found, number>()
    for (const task of taskIndices(this.#job.array.tasks)) {
      if (tasks.size === inOrder.length) break
      tasks.set(inOrder[tasks.size]!, task)
    }
    return here.map((one) => ({ ...one, task: tasks.get(one)! }))
  }

  restAt(at: number): Found | null {
    return this.#rest?.at === at ? this.#rest.found : null
  }

  get #left(): number {
    let times = 0
    for (const here of this.#times.values()) times += here.length
    return (this.#job.array?.tasks.count ?? 1) - times
  }

  #giveUp(room: Room, untilAt: number): void {
    for (const [at, here] of this.#times) {
      const index = here.findLastIndex((one) => one.room === room)
      if (index === -1) continue
      const [one] = here.splice(index, 1)
      // What was kept before all turns is told by itself.
      if (one!.ownersFirst !== true) this.givenUp.push({ at, untilAt, room, holds: [] })
    }
  }

  /** The first answer of those that say most; it holds its place in each of its partitions. */
  #wait(next: Rest): void {
    const known = this.#rest
    const rank = known === null ? -1 : rankOf(known.found)
    if (known === null || rankOf(next.found) > rank) this.#answer(next, next.at)
    else if (rankOf(next.found) === rank && next.found.holds.length > 0) {
      const holds = [...new Set([...known.found.holds, ...next.found.holds])]
      this.#rest = { ...known, found: { ...known.found, holds } }
    }
  }

  #answer(rest: Rest | null, untilAt: number): void {
    const before = this.#rest
    if (before !== null && before.found.holds.length > 0)
      this.givenUp.push({ at: before.at, untilAt, room: null, holds: before.found.holds })
    this.#rest = rest
  }
}

/** It will never be there, it waits, or no more of its tasks may run at once wherever it is. */
function rankOf({ reason }: Found): number {
  const code = reason?.code
  if (code === "not_allowed" || code === "never_fits" || code === "rules_forbid") return 0
  if (reason?.code === "limit" && reason.hits[0]?.lasting === true) return 0
  return code === "array_limit" ? 2 : 1
}

function begins({ isStart, reason }: Found): boolean {
  return isStart || reason?.code === "preempting"
}

function firmFirst(a: Found, b: Found): number {
  return Number(a.behind !== undefined) - Number(b.behind !== undefined) || a.room!.startMs - b.room!.startMs
}
