import type { WhyAnswer } from "../../protocol/api.ts"
import type { JobView } from "../../protocol/job.ts"
import type { Client } from "../client.ts"

/** Asked again after this long: a queue moves slowly. */
const FRESH_MS = 5_000

/** Why a job waits, asked for while it does. The server works it out on demand, so it is in no view of the job. */
export class WaitReason {
  readonly #client: Client
  readonly #monotonicMs: () => number
  #summary: string | null = null
  #askedMs = Number.NEGATIVE_INFINITY

  constructor(client: Client, monotonicMs: () => number) {
    this.#client = client
    this.#monotonicMs = monotonicMs
  }

  /** The job with the reason as last heard, where it waits. */
  with(job: JobView): JobView {
    return job.state === "queued" && job.reason === null ? { ...job, reason: this.#summary } : job
  }

  /** Asks, unless it was asked a moment ago. A server that does not answer leaves what was known. */
  async refresh(job: JobView): Promise<void> {
    const nowMs = this.#monotonicMs()
    if (job.state !== "queued" || nowMs - this.#askedMs < FRESH_MS) return
    this.#askedMs = nowMs
    try {
      this.#summary = (
        await this.#client.get<WhyAnswer>(`/v1/jobs/${job.id}/why`, { query: { brief: "true" } })
      ).summary
    } catch {
      // Whoever follows the job notices by other means.
    }
  }
}
