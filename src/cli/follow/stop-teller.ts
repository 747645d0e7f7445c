import type { JobView } from "../../protocol/job.ts"

/** Says when a job is stopped for somebody at its host, and when it goes on: else its output just ends for a while. */
export class StopTeller {
  readonly #say: (job: JobView) => unknown
  #was: JobView["state"]

  /** @param say says how the job stands */
  constructor(job: JobView, say: (job: JobView) => unknown) {
    this.#say = say
    this.#was = job.state
  }

  see(job: JobView): void {
    const { state } = job
    const isNews =
      (state === "suspended") !== (this.#was === "suspended") && (state === "suspended" || state === "running")
    this.#was = state
    if (isNews) void this.#say(job)
  }
}
