import { DEFAULT_MEMORY_BYTES } from "../../protocol/resources.ts"
import type { Profile } from "../calendar/profile.ts"
import { takesJobs } from "../obstacle.ts"
import type { Preemptor } from "./preempt.ts"
import type { QueueJob, QueueScene } from "./queue-scene.ts"

/** Whose hosts are whose, and on whose of them something of theirs could still start, though guests may have to give way. */
export class OwnHosts {
  readonly #scene: QueueScene
  readonly #profiles: readonly Profile[]
  readonly #preemptor: Preemptor
  readonly #places = new Map<string, number[]>()
  readonly #least: Least
  readonly #owners: Set<string>

  constructor(scene: QueueScene, profiles: readonly Profile[], preemptor: Preemptor) {
    this.#scene = scene
    this.#profiles = profiles
    this.#preemptor = preemptor
    for (const [place, { owner }] of scene.hosts.entries()) {
      if (owner === null) continue
      const own = this.#places.get(owner)
      if (own === undefined) this.#places.set(owner, [place])
      else own.push(place)
    }
    this.#least = leastOf(scene.waiting)
    this.#owners = new Set([...this.#places.keys()].filter((user) => this.#mayFind(user)))
  }

  /** Users who may find something on their own hosts. Who has found nothing there, and never will in this pass, leaves it. */
  get owners(): ReadonlySet<string> {
    return this.#owners
  }

  /** By place in the scene. */
  placesOf(user: string): readonly number[] {
    return this.#places.get(user) ?? []
  }

  /** A job of theirs has found nothing. */
  foundNothing(user: string): void {
    if (!this.#mayFind(user)) this.#owners.delete(user)
  }

  /** Room only shrinks, and who was preempted does not come back. */
  #mayFind(user: string): boolean {
    return this.placesOf(user).some((place) => {
      const host = this.#scene.hosts[place]!
      const { memoryBytes, gpus, gpusElsewhere, cores } = this.#least
      const need = { memoryBytes, gpus: host.total.gpus > 0 ? gpus : gpusElsewhere, cores }
      return (
        (takesJobs(host) && this.#profiles[place]!.hasRoomNow(need, false)) ||
        this.#preemptor.mayAskGuestsToGo(place, user)
      )
    })
  }
}

interface Least {
  memoryBytes: number
  gpus: number
  /** On hosts without a GPU, where it was left open whether one is needed. */
  gpusElsewhere: number
  cores: number
}

/** Of each resource the least that anybody asks for: where there is less nobody finds room. */
function leastOf(jobs: readonly QueueJob[]): Least {
  const { POSITIVE_INFINITY } = Number
  const least = {
    memoryBytes: POSITIVE_INFINITY,
    gpus: POSITIVE_INFINITY,
    gpusElsewhere: POSITIVE_INFINITY,
    cores: POSITIVE_INFINITY,
  }
  for (const { resources } of jobs) {
    least.memoryBytes = Math.min(least.memoryBytes, resources.memoryBytes ?? DEFAULT_MEMORY_BYTES)
    least.gpus = Math.min(least.gpus, resources.gpus ?? 1)
    least.gpusElsewhere = Math.min(least.gpusElsewhere, resources.gpus ?? 0)
    least.cores = Math.min(least.cores, resources.cores)
  }
  return least
}
