import { type Deferred, deferred } from "../../base/deferred.ts"
import type { JobView } from "../../protocol/job.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { Client } from "../client.ts"
import { readEvents } from "../event-stream.ts"
import type { JobNotice } from "../job-notices.ts"
import { isLinkFailure } from "./link-failure.ts"

export interface WatchOptions {
  readonly client: Client
  readonly job: JobView
  readonly signal: AbortSignal
  readonly patienceMs: number
  readonly onRetry: () => void
  readonly onChange: (job: JobView) => void
  /** Hears what was noted of the job since it was sent, each once; before the change that settles it. Without, nothing is asked for. */
  readonly onNotice?: (notice: JobNotice) => void
}

/** Keeps the latest view of one job, through broken connections and restarts of the server. */
export class JobWatch {
  readonly #options: WatchOptions
  #job: JobView
  #changed: Deferred<void> = deferred()
  #settled = false
  /** The number of the last notice. */
  #noticed = 0

  constructor(options: WatchOptions) {
    this.#options = options
    this.#job = options.job
  }

  get job(): JobView {
    return this.#job
  }

  /** Whether the job has ended and its outputs are where they will be. */
  get isSettled(): boolean {
    return this.#settled
  }

  /** Reads until the job is settled. @throws what {@link Client} throws when the server stays away */
  async run(): Promise<void> {
    const { client, signal, patienceMs, onRetry, onNotice } = this.#options
    this.#take(this.#job)
    while (!this.#settled) {
      const query = onNotice === undefined ? {} : { noticesAfter: this.#noticed }
      const body = await client.open("GET", `/v1/jobs/${this.#job.id}/events`, { query, signal, patienceMs, onRetry })
      try {
        for await (const event of readEvents(body)) {
          if (event.event === "job") this.#take(JSON.parse(event.data) as JobView)
          else if (event.event === "notice") this.#note(JSON.parse(event.data) as JobNotice)
          if (this.#settled) break
        }
      } catch (error) {
        signal.throwIfAborted()
        if (!isLinkFailure(error)) throw error
        onRetry()
      }
    }
  }

  /** Resolves once the condition holds for the latest view, or the job is settled. */
  async until(condition: (job: JobView) => boolean): Promise<void> {
    while (!this.#settled && !condition(this.#job)) await this.#changed.promise
  }

  #take(job: JobView): void {
    this.#job = job
    if (isFinal(job.state) && job.outputs?.state !== "collecting") this.#settled = true
    this.#options.onChange(job)
    this.#wake()
  }

  #note(notice: JobNotice): void {
    if (notice.sequence <= this.#noticed) return
    this.#noticed = notice.sequence
    this.#options.onNotice?.(notice)
  }

  #wake(): void {
    const waiting = this.#changed
    this.#changed = deferred()
    waiting.resolve()
  }
}
