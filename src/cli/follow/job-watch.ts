import { type Deferred, deferred } from "../../base/deferred.ts"
import type { JobView } from "../../protocol/job.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { Client } from "../client.ts"
import { readEvents } from "../event-stream.ts"
import { isLinkFailure } from "./link-failure.ts"

export interface WatchOptions {
  readonly client: Client
  readonly job: JobView
  readonly signal: AbortSignal
  readonly patienceMs: number
  readonly onRetry: () => void
  readonly onChange: (job: JobView) => void
}

/** Keeps the latest view of one job, through broken connections and restarts of the server. */
export class JobWatch {
  readonly #options: WatchOptions
  #job: JobView
  #changed: Deferred<void> = deferred()
  #settled = false

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
    const { client, signal, patienceMs, onRetry } = this.#options
    this.#take(this.#job)
    while (!this.#settled) {
      const body = await client.open("GET", `/v1/jobs/${this.#job.id}/events`, { signal, patienceMs, onRetry })
      try {
        for await (const event of readEvents(body)) {
          if (event.event === "job") this.#take(JSON.parse(event.data) as JobView)
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

  #wake(): void {
    const waiting = this.#changed
    this.#changed = deferred()
    waiting.resolve()
  }
}
