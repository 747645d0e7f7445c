import { DEFAULT_MEMORY_BYTES, type Resources } from "../../protocol/resources.ts"
import type { Profile } from "../calendar/profile.ts"
import { takesJobs } from "../obstacle.ts"
import type { Line } from "./line.ts"
import type { QueueScene } from "./queue-scene.ts"

/** Of each line of a queue, the least of each resource that it or anybody behind it asks for: a host with less takes none of them. */
export class LeastNeeds {
  readonly #memory: Float64Array
  readonly #gpus: Float64Array
  /** On hosts without a GPU, where it was left open whether one is needed. */
  readonly #gpusElsewhere: Float64Array
  readonly #cores: Float64Array

  constructor(lines: readonly Pick<Line, "spec">[]) {
    const columns = Array.from({ length: 4 }, () => new Float64Array(lines.length + 1).fill(Number.POSITIVE_INFINITY))
    const [memory, gpus, gpusElsewhere, cores] = columns as [Float64Array, Float64Array, Float64Array, Float64Array]
    for (let at = lines.length - 1; at >= 0; at--) {
      const { resources } = lines[at]!.spec
      memory[at] = Math.min(memory[at + 1]!, resources.memoryBytes ?? DEFAULT_MEMORY_BYTES)
      gpus[at] = Math.min(gpus[at + 1]!, resources.gpus ?? 1)
      gpusElsewhere[at] = Math.min(gpusElsewhere[at + 1]!, resources.gpus ?? 0)
      cores[at] = Math.min(cores[at + 1]!, resources.cores)
    }
    this.#memory = memory
    this.#gpus = gpus
    this.#gpusElsewhere = gpusElsewhere
    this.#cores = cores
  }

  /** @param at of the first line that is meant; beyond the last one nothing has room anywhere */
  from(at: number, { gpus }: Pick<Resources, "gpus">): Resources {
    return {
      memoryBytes: this.#memory[at]!,
      gpus: (gpus > 0 ? this.#gpus : this.#gpusElsewhere)[at]!,
      cores: this.#cores[at]!,
    }
  }
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
