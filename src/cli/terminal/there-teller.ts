import type { JobView } from "../../protocol/job.ts"
import { StopTeller, type StopTellerOptions } from "../follow/stop-teller.ts"
import { latestAttempt } from "../render/job-text.ts"
import { printable } from "../render/table.ts"

/**
 * Tells who sits at a terminal on a host what is done there for its owner's sake: nothing answers there while it is stopped, and what has to
 * leave ends soon.
 */
export class ThereTeller {
  readonly #stops: StopTeller
  readonly #say: StopTellerOptions["say"]
  /** The attempt that was said to have to leave. */
  #leaving: number | null = null

  constructor(job: JobView, options: StopTellerOptions) {
    this.#stops = new StopTeller(job, options)
    this.#say = options.say
  }

  see(job: JobView): void {
    this.#stops.see(job)
    const { reason, state } = job
    const number = latestAttempt(job)?.number ?? 0
    // As the server says of one that was asked to end for people at its host.
    const isAsked = (state === "running" || state === "suspended") && reason?.startsWith("asked to leave ") === true
    if (!isAsked || this.#leaving === number) return
    this.#leaving = number
    this.#say(`job ${job.id} is ${printable(reason)}`)
  }
}
