import type { WindfallEvent } from "../protocol/events.ts"
import type { JobId } from "../protocol/ids.ts"
import type { JobRecord } from "../store/job-record.ts"
import type { Ledger } from "./ledger.ts"

/** Wakes those who watch a job, the record of events, or who may still ask. Only after what they will see is durable. */
export class Followers {
  readonly #ofJob = new Map<JobId, Set<() => void>>()
  readonly #ofNotices = new Map<JobId, Set<(notice: WindfallEvent) => void>>()
  readonly #ofEvents = new Set<() => void>()
  readonly #ofAccounts = new Set<() => void>()

  constructor(ledger: Ledger) {
    ledger.onCommit((events, jobs) => {
      if (this.#ofNotices.size > 0) this.#passNotices(events)
      if (this.#ofJob.size > 0) this.#wake(jobs)
      if (events.length > 0) for (const listener of this.#ofEvents) listener()
      if (this.#ofAccounts.size > 0 && events.some(isOfAccounts)) for (const listener of this.#ofAccounts) listener()
    })
  }

  /** Calls back after each change of the job; returns how to stop that. */
  onJob(id: JobId, listener: () => void): () => void {
    return listenTo(this.#ofJob, id, listener)
  }

  /** Passes on each notice of the job, before a change of the same commit is called back for; returns how to stop that. */
  onNotice(id: JobId, listener: (notice: WindfallEvent) => void): () => void {
    return listenTo(this.#ofNotices, id, listener)
  }

  /** Calls back after each commit that recorded an event; returns how to stop that. */
  onEvents(listener: () => void): () => void {
    this.#ofEvents.add(listener)
    return () => this.#ofEvents.delete(listener)
  }

  /** Calls back after each commit that changed users or tokens; returns how to stop that. */
  onAccounts(listener: () => void): () => void {
    this.#ofAccounts.add(listener)
    return () => this.#ofAccounts.delete(listener)
  }

  #passNotices(events: readonly WindfallEvent[]): void {
    for (const event of events) {
      if (event.type !== "notice" || event.job === null) continue
      for (const listener of this.#ofNotices.get(event.job) ?? []) listener(event)
    }
  }

  #wake(jobs: readonly JobRecord[]): void {
    for (const { id, array } of jobs) {
      for (const listener of this.#ofJob.get(id) ?? []) listener()
      if (array !== undefined) this.#wakeOfTasks(id, array.all.size)
    }
  }

  /** What becomes of tasks without a record is in their array. */
  #wakeOfTasks(array: JobId, count: number): void {
    for (const [id, listeners] of this.#ofJob) {
      if (id > array && id <= array + count) for (const listener of listeners) listener()
    }
  }
}

function listenTo<Listener>(all: Map<JobId, Set<Listener>>, id: JobId, listener: Listener): () => void {
  const listeners = all.get(id) ?? new Set()
  all.set(id, listeners.add(listener))
  return () => {
    listeners.delete(listener)
    if (listeners.size === 0 && all.get(id) === listeners) all.delete(id)
  }
}

function isOfAccounts({ type }: WindfallEvent): boolean {
  return type === "user_changed" || type === "token_changed" || type === "key_changed"
}
