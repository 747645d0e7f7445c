import { SharedTask } from "../../base/shared-task.ts"
import type { HostId } from "../../protocol/ids.ts"
import type { Core } from "../core.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"
import { askExamination, type TimedExamination } from "./ask-examination.ts"

/** For an overview of all hosts; who asks for one host gets it anew. */
const FRESH_MS = 5 * 60_000

interface Kept {
  readonly task: SharedTask<TimedExamination>
  latest: TimedExamination | undefined
}

/** Examinations of hosts: at most one at a time for each, shared by all who ask meanwhile, and kept for a while. */
export class HostExaminations {
  readonly #core: Core
  readonly #hosts = new Map<HostId, Kept>()

  constructor(core: Core) {
    this.#core = core
  }

  /** @throws as {@link askExamination} */
  anew(host: FleetHost, signal: AbortSignal): Promise<TimedExamination> {
    return this.#of(host).task.run(signal)
  }

  /** Of the last few minutes, else anew. @throws as {@link askExamination} */
  async recent(host: FleetHost, signal: AbortSignal): Promise<TimedExamination> {
    const { latest } = this.#of(host)
    const isFresh = latest !== undefined && Math.abs(this.#core.clock.now() - latest.answeredAt) < FRESH_MS
    return isFresh ? latest : this.anew(host, signal)
  }

  #of(host: FleetHost): Kept {
    const { id } = host.record
    for (const known of this.#hosts.keys()) if (this.#core.fleet.get(known) === undefined) this.#hosts.delete(known)
    let kept = this.#hosts.get(id)
    if (kept === undefined) {
      const task = new SharedTask(async (signal) => {
        const found = await askExamination(this.#core, host, "look", signal)
        made.latest = found
        return found
      })
      const made: Kept = { task, latest: undefined }
      kept = made
      this.#hosts.set(id, kept)
    }
    return kept
  }
}
