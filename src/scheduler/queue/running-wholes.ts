import type { HostId } from "../../protocol/ids.ts"
import type { Calendar } from "../calendar/calendar.ts"
import type { QueueScene, RunningAttempt } from "./queue-scene.ts"
import { RunsInstead } from "./runs-instead.ts"

/** What runs, as it is preempted: of a job that is told in several parts, since it holds not the same on all of its hosts, all at once. */
export class RunningWholes {
  /** By place, what is there; of several parts the first, wherever they are. */
  readonly byPlace: readonly RunningAttempt[][]
  readonly #places: ReadonlyMap<string, number>
  /** By the first of them. */
  readonly #parts = new Map<RunningAttempt, RunningAttempt[]>()
  readonly instead: RunsInstead

  /** @param calendar in which all holds what it holds */
  constructor(scene: QueueScene, calendar: Calendar) {
    const { hosts, running } = scene
    this.#places = new Map(hosts.map(({ id }, place) => [id, place]))
    this.byPlace = hosts.map(() => [])
    const firsts = new Map<string, RunningAttempt>()
    for (const attempt of running) {
      const first = attempt.nodes === undefined ? attempt : firstOf(firsts, attempt)
      if (attempt.nodes !== undefined) this.#parts.set(first, [...(this.#parts.get(first) ?? []), attempt])
      for (const place of this.placesOf(attempt, [attempt])) this.byPlace[place]!.push(first)
    }
    this.instead = new RunsInstead(calendar, scene, this)
  }

  partsOf(whole: RunningAttempt): readonly RunningAttempt[] {
    return this.#parts.get(whole) ?? [whole]
  }

  hostsOf(whole: RunningAttempt): readonly HostId[] {
    const parts = this.#parts.get(whole)
    return parts === undefined ? whole.hosts : parts.flatMap(({ hosts }) => hosts)
  }

  /** Of those of its hosts that are in the scene. */
  placesOf(whole: RunningAttempt, parts = this.partsOf(whole)): readonly number[] {
    return parts.flatMap(({ hosts }) => hosts.flatMap((id) => this.#places.get(id) ?? []))
  }
}

/** An earlier attempt of the job, which is on its way out, is another one. */
function firstOf(firsts: Map<string, RunningAttempt>, attempt: RunningAttempt): RunningAttempt {
  const { job, task, leavesMs, leavesFor = null } = attempt
  const key = [job, task, leavesMs, leavesFor].join(" ")
  const first = firsts.get(key) ?? attempt
  firsts.set(key, first)
  return first
}
