import type { WhyAnswer } from "../../protocol/api.ts"
import { attemptCount } from "../../protocol/attempt-members.ts"
import type { JobView } from "../../protocol/job.ts"
import type { Client } from "../client.ts"

/** Asked again after this long: a queue moves slowly. */
const FRESH_MS = 5_000

/** Why a job waits, as one code and one sentence. */
export type Waits = Pick<WhyAnswer, "code" | "summary">

/** Why a job waits, asked for while it does. The server works it out on demand, so it is in no view of the job. */
export class WaitReason {
  readonly #client: Pick<Client, "get">
  readonly #monotonicMs: () => number
  #waits: Waits | null = null
  /** How many attempts the job had when that was asked: after another one it waits for something else. */
  #attempts = 0
  #askedMs = Number.NEGATIVE_INFINITY

  constructor(client: Pick<Client, "get">, monotonicMs: () => number) {
    this.#client = client
    this.#monotonicMs = monotonicMs
  }

  /** The job with the reason as last heard, where it waits. That it is tried again, which its view says, is why it is queued, not why it waits. */
  with(job: JobView): JobView {
    const waits = this.#of(job)
    return job.state !== "queued" || waits === null ? job : { ...job, reason: waits.summary }
  }

  /**
   * Asks, unless it was asked a moment ago, and returns what is known; `null` for nothing. A server that does not answer leaves
   * what was known.
   * @param freshMs what was heard so long ago is still good
   */
  async refresh(job: JobView, freshMs = FRESH_MS): Promise<Waits | null> {
    const nowMs = this.#monotonicMs()
    const attempts = attemptCount(job)
    if (job.state !== "queued" || (attempts === this.#attempts && nowMs - this.#askedMs < freshMs)) return this.#of(job)
    if (attempts !== this.#attempts) this.#waits = null
    this.#attempts = attempts
    this.#askedMs = nowMs
    try {
      const brief = { query: { brief: "true" }, patienceMs: 0 }
      this.#waits = await this.#client.get<WhyAnswer>(`/v1/jobs/${job.id}/why`, brief)
    } catch {
      // Whoever follows the job notices by other means.
    }
    return this.#of(job)
  }

  #of(job: JobView): Waits | null {
    return attemptCount(job) === this.#attempts ? this.#waits : null
  }
}
