import type { Clock } from "../../base/clock.ts"
import type { JobView } from "../../protocol/job.ts"
import { standingText } from "../render/job-text.ts"

/** Said again after this long. */
const AGAIN_MS = 10_000

/** Where no status line is shown, says that a job's data is on its way: when that begins, then every 10 s. */
export class PlacingTeller {
  readonly #clock: Clock
  readonly #say: (text: string) => Promise<void>
  #saidMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, say: (text: string) => Promise<void>) {
    this.#clock = clock
    this.#say = say
  }

  /** To be called with each news of the job, and now and then. */
  async see(job: JobView): Promise<void> {
    if (job.state !== "starting" || job.reason?.startsWith("placing ") !== true) return
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#saidMs < AGAIN_MS) return
    this.#saidMs = nowMs
    await this.#say(`job ${job.id} is ${standingText(job, this.#clock.now())}`)
  }
}
