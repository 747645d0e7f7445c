import { formatAbout } from "../../base/duration.ts"
import type { JobView } from "../../protocol/job.ts"
import { latestAttempt } from "../render/job-text.ts"
import { printable } from "../render/table.ts"

/** Less is no time that anybody waited. */
const TOLD_MS = 1_000

export interface StopTellerOptions {
  readonly say: (text: string) => unknown
  readonly now: () => number
}

/** Says when a job is stopped for somebody at its host, and when it goes on: else its output just ends for a while. */
export class StopTeller {
  readonly #options: StopTellerOptions
  #was: JobView["state"]
  /** When it was stopped. */
  #since: number | null

  constructor(job: JobView, options: StopTellerOptions) {
    this.#options = options
    this.#was = job.state
    this.#since = latestAttempt(job)?.suspended?.since ?? null
  }

  see(job: JobView): void {
    const { state } = job
    const isNews = (state === "suspended") !== (this.#was === "suspended")
    this.#was = state
    if (!isNews) return
    const attempt = latestAttempt(job)
    if (state === "suspended") {
      this.#since = attempt?.suspended?.since ?? null
      const why = attempt?.suspended == null ? "" : `: ${printable(attempt.suspended.text)}`
      this.#options.say(`job ${job.id} is suspended on ${attempt?.hostName ?? "its host"}${why}`)
    } else if (state === "running") {
      const ms = this.#since === null ? 0 : this.#options.now() - this.#since
      const after = ms < TOLD_MS ? "" : ` after ${formatAbout(ms)}`
      this.#options.say(`job ${job.id} goes on on ${attempt?.hostName ?? "its host"}${after}`)
    }
  }
}
