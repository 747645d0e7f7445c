import type { Clock } from "../base/clock.ts"
import { type Deferred, deferred } from "../base/deferred.ts"
import type { ServerMessage } from "../protocol/agent-wire.ts"
import { WindfallError } from "../protocol/errors.ts"
import type { EventBody, WindfallEvent } from "../protocol/events.ts"
import { diskFailure } from "../store/disk-failure.ts"
import type { AttemptRecord, JobRecord } from "../store/job-record.ts"
import type { Store } from "../store/store.ts"
import type { FleetHost } from "./fleet/fleet-host.ts"

/** Who acts when nobody in particular does. */
export const WINDFALL = "windfall"

interface QueuedChange {
  readonly apply: () => unknown
  readonly answer: Deferred<unknown>
}

export interface LedgerOptions {
  readonly store: Store
  readonly clock: Clock
  /** Why nothing may be changed just now; asked before each tick. */
  readonly refusal?: () => WindfallError | undefined
  /** Runs at the end of each tick that changed something, still inside its transaction: the planner's place. */
  readonly beforeCommit: () => void
  /** The transaction failed: memory no longer agrees with the database and must be made from it anew. */
  readonly onFailure: (error: unknown) => void
}

/**
 * The one door to all lasting change. Changes asked for in one turn of the event loop are applied one after the other, in
 * one transaction; only when that is on disk do callers hear of it, messages leave for hosts, followers wake. So nothing
 * is ever seen that could still be lost, and a thousand small changes cost one sync.
 *
 * A change works on the records in memory and says what it touched ({@link jobChanged}...). It must not wait. It may
 * throw a WindfallError as long as it has changed nothing; anything else it throws undoes the whole tick.
 */
export class Ledger {
  readonly #options: LedgerOptions
  readonly #store: Store
  #queue: QueuedChange[] = []
  #scheduled = false
  #lazyTimer: NodeJS.Timeout | undefined
  #applying = false
  #closed = false
  #lastEvent: number
  #newJobs = new Set<JobRecord>()
  #newAttempts = new Set<AttemptRecord>()
  #jobs = new Set<JobRecord>()
  #attempts = new Set<AttemptRecord>()
  #events: WindfallEvent[] = []
  #afterCommit: (() => void)[] = []
  #hosts = new Set<FleetHost>()
  #outboxes = new Set<FleetHost>()
  readonly #jobWatchers: ((job: JobRecord) => void)[] = []
  readonly #listeners = new Set<(events: readonly WindfallEvent[], jobs: readonly JobRecord[]) => void>()

  constructor(options: LedgerOptions) {
    this.#options = options
    this.#store = options.store
    this.#lastEvent = this.#store.events.lastSequence()
  }

  /**
   * Applies a change within the next transaction; resolves with its result once that is durable. One that nobody waits
   * for may be put off by up to `lazyMs`, so that it shares the sync of a more urgent one. Order is kept either way.
   */
  change<T>(apply: () => T, { lazyMs = 0 }: { readonly lazyMs?: number } = {}): Promise<T> {
    if (this.#closed)
      return Promise.reject(new WindfallError("server_unreachable", "Cannot change anything: the server is stopping"))
    const answer = deferred<unknown>()
    this.#queue.push({ apply, answer })
    if (lazyMs === 0) this.wake()
    else if (!this.#scheduled) this.#lazyTimer ??= setTimeout(() => this.#tick(), lazyMs)
    return answer.promise as Promise<T>
  }

  /** Makes a tick happen, so that `beforeCommit` runs. */
  wake(): void {
    if (this.#scheduled || this.#closed) return
    this.#scheduled = true
    setImmediate(() => this.#tick())
  }

  /** Whether a change is being applied just now, so that `beforeCommit` is still to come. */
  get applying(): boolean {
    return this.#applying
  }

  /** Records what happened, within a change. */
  event(body: EventBody, actor: string = WINDFALL): void {
    this.#requireChange()
    const event = { sequence: ++this.#lastEvent, at: this.#options.clock.now(), actor, ...body }
    this.#events.push(event)
  }

  jobAdded(job: JobRecord): void {
    this.#requireChange()
    this.#newJobs.add(job)
  }

  jobChanged(job: JobRecord): void {
    this.#requireChange()
    this.#jobs.add(job)
    for (const watcher of this.#jobWatchers) watcher(job)
  }

  /** Hears of each change of a job's record as it is made, before it is durable: what was made of the record before is out of date. */
  watchJobs(watcher: (job: JobRecord) => void): void {
    this.#jobWatchers.push(watcher)
  }

  attemptAdded(attempt: AttemptRecord): void {
    this.#requireChange()
    this.#newAttempts.add(attempt)
  }

  attemptChanged(attempt: AttemptRecord): void {
    this.#requireChange()
    this.#attempts.add(attempt)
  }

  hostChanged(host: FleetHost): void {
    this.#requireChange()
    this.#hosts.add(host)
  }

  /** Sends a message to the host's agent once the change is durable; nobody there means that `hello` will mend it. */
  send(host: FleetHost | undefined, message: ServerMessage): void {
    this.#requireChange()
    if (host === undefined || host.channel === null) return
    if (host.outbox.length === 0) this.#outboxes.add(host)
    host.outbox.push(message)
  }

  /** Runs once the change is durable, before its caller hears of it. Must not throw. */
  afterCommit(effect: () => void): void {
    this.#requireChange()
    this.#afterCommit.push(effect)
  }

  /** Hears of every commit: its events and the jobs it touched. Returns how to stop that. */
  onCommit(listener: (events: readonly WindfallEvent[], jobs: readonly JobRecord[]) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Applies what is queued, then refuses further changes. */
  close(): void {
    if (this.#queue.length > 0) this.#tick()
    this.#closed = true
  }

  #requireChange(): void {
    if (!this.#applying) throw new TypeError("The ledger was written to outside of a change")
  }

  #tick(): void {
    this.#scheduled = false
    clearTimeout(this.#lazyTimer)
    this.#lazyTimer = undefined
    if (this.#closed) return
    const queue = this.#queue
    this.#queue = []
    const refusal = this.#options.refusal?.()
    if (refusal !== undefined) {
      for (const { answer } of queue) answer.reject(refusal)
      return
    }
    const outcomes: (() => void)[] = []
    const lastEvent = this.#lastEvent
    this.#applying = true
    try {
      this.#store.database.transaction(() => {
        for (const { apply, answer } of queue) {
          try {
            const result = apply()
            outcomes.push(() => answer.resolve(result))
          } catch (error) {
            if (!(error instanceof WindfallError)) throw error
            outcomes.push(() => answer.reject(error))
          }
        }
        this.#options.beforeCommit()
        this.#write()
      })
    } catch (error) {
      this.#applying = false
      for (const host of this.#forget().outboxes) host.outbox = []
      this.#lastEvent = lastEvent
      const failure = failureOf(error)
      this.#options.onFailure(error)
      for (const { answer } of queue) answer.reject(failure)
      return
    }
    this.#applying = false
    const { effects, events, jobs, outboxes } = this.#forget()
    for (const host of outboxes) host.channel?.send(host.outbox.splice(0))
    for (const effect of effects) effect()
    for (const outcome of outcomes) outcome()
    if (events.length > 0 || jobs.length > 0) for (const listener of this.#listeners) listener(events, jobs)
  }

  #write(): void {
    const { jobs, events } = this.#store
    for (const job of this.#newJobs) jobs.insert(job)
    for (const attempt of this.#newAttempts) jobs.attempts.insert(attempt)
    for (const job of this.#jobs) if (!this.#newJobs.has(job)) jobs.update(job)
    for (const attempt of this.#attempts) if (!this.#newAttempts.has(attempt)) jobs.attempts.update(attempt)
    for (const host of this.#hosts) this.#store.hosts.update(host.record)
    for (const event of this.#events) events.insert(event)
  }

  #forget() {
    const effects = this.#afterCommit
    const events = this.#events
    const outboxes = this.#outboxes
    const jobs = [...this.#newJobs.union(this.#jobs)]
    this.#afterCommit = []
    this.#events = []
    this.#newJobs = new Set()
    this.#newAttempts = new Set()
    this.#jobs = new Set()
    this.#attempts = new Set()
    this.#hosts = new Set()
    this.#outboxes = new Set()
    return { effects, events, jobs, outboxes }
  }
}

function failureOf(error: unknown): WindfallError {
  const reason = (error as { message?: string }).message ?? String(error)
  const full = diskFailure(error, "store the change")
  return full ?? new WindfallError("internal", `Cannot store the change: ${reason}`, { cause: error })
}
