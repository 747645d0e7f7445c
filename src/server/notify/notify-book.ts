import type { JobId, MessageId, TargetId } from "../../protocol/ids.ts"
import type { NotifyStore } from "../../store/notify.ts"
import type { MessageFacts, TargetRecord } from "../../store/notify-record.ts"

/** Messages that wait for one target; what comes on top is dropped and counted. */
const MOST_WAITING = 100

/**
 * Whom to tell, how much waits for each, and what was told: in memory, since each change of a job asks. All of it can be made
 * from the database at any time. What changes something must be called within a change of the ledger.
 */
export class NotifyBook {
  readonly #store: NotifyStore
  readonly #targets = new Map<TargetId, TargetRecord>()
  readonly #ofUser = new Map<string, TargetRecord[]>()
  readonly #told = new Map<JobId, Set<string>>()
  #waiting = new Map<TargetId, number>()

  constructor(store: NotifyStore) {
    this.#store = store
    this.reload()
  }

  /** Makes everything anew from the database. */
  reload(): void {
    for (const map of [this.#targets, this.#ofUser, this.#told]) map.clear()
    for (const target of this.#store.targets()) this.#keep(target)
    for (const { job, what } of this.#store.told()) this.#noteTold(job, what)
    this.#waiting = this.#store.waiting()
  }

  /** Everybody's. */
  all(): Iterable<TargetRecord> {
    return this.#targets.values()
  }

  get isEmpty(): boolean {
    return this.#targets.size === 0
  }

  /** The user's, oldest first. */
  of(user: string): readonly TargetRecord[] {
    return this.#ofUser.get(user) ?? []
  }

  get(id: string): TargetRecord | undefined {
    return this.#targets.get(id as TargetId)
  }

  /** Messages that wait to be sent to a target. */
  waitingFor(id: TargetId): number {
    return this.#waiting.get(id) ?? 0
  }

  /** Targets that messages wait for. */
  *withWaiting(): Generator<TargetRecord> {
    for (const id of this.#waiting.keys()) {
      const target = this.#targets.get(id)
      if (target !== undefined) yield target
    }
  }

  add(target: TargetRecord): void {
    this.#store.addTarget(target)
    this.#keep(target)
  }

  changed(target: TargetRecord): void {
    this.#store.updateTarget(target)
  }

  /** Also drops what waits to be sent there. */
  remove(target: TargetRecord): void {
    this.#store.removeTarget(target.id)
    this.#forget(target)
  }

  /** The user was removed, with all targets. */
  forgetUser(user: string): void {
    for (const target of [...this.of(user)]) this.#forget(target)
  }

  /** Whether there was room: else the message is counted as dropped. */
  queue(id: MessageId, target: TargetRecord, facts: MessageFacts): boolean {
    const waiting = this.waitingFor(target.id)
    if (waiting >= MOST_WAITING) {
      target.dropped += 1
      this.changed(target)
      return false
    }
    this.#store.addMessage({ id, target: target.id, facts, createdAt: facts.at })
    this.#waiting.set(target.id, waiting + 1)
    return true
  }

  /** It was taken, or given up. */
  settle(id: MessageId, target: TargetRecord): void {
    this.#store.removeMessage(id)
    const waiting = this.waitingFor(target.id) - 1
    if (waiting > 0) this.#waiting.set(target.id, waiting)
    else this.#waiting.delete(target.id)
  }

  wasTold(job: JobId, what: string): boolean {
    return this.#told.get(job)?.has(what) ?? false
  }

  tell(job: JobId, what: string): void {
    this.#store.addTold(job, what)
    this.#noteTold(job, what)
  }

  /** The job has ended. */
  forgetTold(job: JobId): void {
    if (this.#told.delete(job)) this.#store.forgetTold(job)
  }

  #noteTold(job: JobId, what: string): void {
    const told = this.#told.get(job) ?? new Set()
    this.#told.set(job, told.add(what))
  }

  #keep(target: TargetRecord): void {
    this.#targets.set(target.id, target)
    this.#ofUser.set(target.user, [...this.of(target.user), target])
  }

  #forget(target: TargetRecord): void {
    this.#targets.delete(target.id)
    this.#waiting.delete(target.id)
    const left = this.of(target.user).filter(({ id }) => id !== target.id)
    if (left.length > 0) this.#ofUser.set(target.user, left)
    else this.#ofUser.delete(target.user)
  }
}
