import type { JobId } from "../../protocol/ids.ts"
import type { Resources } from "../../protocol/resources.ts"
import type { Calendar } from "../calendar/calendar.ts"
import { endOf, heldBy } from "./attempt-room.ts"
import type { QueueScene, RunningAttempt } from "./queue-scene.ts"
import type { RunningWholes } from "./running-wholes.ts"

/** What one that runs and those who are stopped for it hold twice on a host. */
interface Shared {
  readonly place: number
  readonly need: Resources
  readonly untilMs: number
  /** How many of them hold nothing there just now. */
  out: number
}

/**
 * Whoever runs in the place of some who are stopped for it has the GPU and the cores that these have again once it is gone. Both hold theirs, so what they
 * share is given back as long as both are there: it is what the plan counted on in which they were stopped, also for those behind.
 */
export class RunsInstead {
  readonly #calendar: Calendar
  readonly #shared = new Map<RunningAttempt, Shared[]>()
  readonly #runners = new Map<RunningAttempt, RunningAttempt>()

  constructor(calendar: Calendar, scene: QueueScene, running: RunningWholes) {
    this.#calendar = calendar
    if (scene.running.every(({ stoppedFor = null }) => stoppedFor === null)) return
    for (const [place, here] of running.byPlace.entries()) {
      for (const one of here) {
        // Of an array one task alone runs instead of them.
        if (here.find(({ job }) => job === one.job) !== one) continue
        const stopped = here.filter(({ stoppedFor }) => stoppedFor === one.job)
        if (stopped.length > 0) this.#add(scene, running, place, one, stopped)
      }
    }
  }

  #add(
    scene: QueueScene,
    running: RunningWholes,
    place: number,
    one: RunningAttempt,
    stopped: readonly RunningAttempt[],
  ): void {
    const { nowMs } = this.#calendar.grid
    const part = running.partsOf(one).find((each) => running.placesOf(each, [each]).includes(place))!
    const { gpus, cores } = heldBy(part, scene, place)
    const theirs = stopped.map((each) => heldBy(each, scene, place))
    const need = {
      memoryBytes: 0,
      gpus: Math.min(gpus, sumOf(theirs, "gpus")),
      cores: Math.min(cores, sumOf(theirs, "cores")),
    }
    const untilMs = Math.min(...[one, ...stopped].map((each) => endOf(each, nowMs)))
    const shared = { place, need, untilMs, out: 0 }
    for (const each of [one, ...stopped]) this.#shared.set(each, [...(this.#shared.get(each) ?? []), shared])
    for (const each of stopped) this.#runners.set(each, one)
    this.#calendar.hold(place, need, nowMs, untilMs, -1)
  }

  /**
   * The job for which it is stopped and that does not run there yet, nor a task of it; `null`: none. Where somebody runs in its place who is stopped in turn, it is
   * the job for which that one is.
   */
  awaitedBy(attempt: RunningAttempt): JobId | null {
    const runners = new Set<RunningAttempt>()
    let last = attempt
    for (let runner = this.runnerFor(last); runner !== null; runner = this.runnerFor(last)) {
      // In a circle nobody runs.
      if (runners.has(runner)) return null
      runners.add(runner)
      last = runner
    }
    return last.stoppedFor ?? null
  }

  /** Who runs in its place, as it is stopped for that one; `null`: nobody. */
  runnerFor(attempt: RunningAttempt): RunningAttempt | null {
    return this.#runners.get(attempt) ?? null
  }

  /** What this one held is let go of (`times` -1), or taken again (1): where it is not there the others share nothing with it. */
  changed(attempt: RunningAttempt, times: 1 | -1): void {
    for (const shared of this.#shared.get(attempt) ?? []) {
      const before = shared.out
      shared.out -= times
      if (before > 0 && shared.out > 0) continue
      const { place, need, untilMs } = shared
      this.#calendar.hold(place, need, this.#calendar.grid.nowMs, untilMs, times === 1 ? -1 : 1)
    }
  }
}

function sumOf(all: readonly Resources[], name: "gpus" | "cores"): number {
  return all.reduce((sum, one) => sum + one[name], 0)
}
