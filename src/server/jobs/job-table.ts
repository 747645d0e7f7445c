import { invariant } from "../../base/invariant.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { AttemptId, HostId, JobId } from "../../protocol/ids.ts"
import { isFinal } from "../../protocol/job-state.ts"
import type { Lease, WaitingJob } from "../../scheduler/snapshot.ts"
import type { AttemptRecord, JobRecord } from "../../store/job-record.ts"
import type { JobStore } from "../../store/jobs.ts"
import { ArrayBook, waitingTasks } from "../arrays/array-book.ts"
import { taskIdOf, unbegunTask } from "../arrays/task-record.ts"
import { GateBook } from "../queue/gate-book.ts"
import { QueuePlaces } from "../queue/queue-places.ts"
import { timeLimitOf } from "../queue/standing.ts"
import { shapeOf } from "./shape-of.ts"

/** An attempt with its job. */
export interface Tried {
  readonly job: JobRecord
  readonly attempt: AttemptRecord
}

/**
 * The jobs that matter now, in memory: those that have not ended, and those a host may still hold something of. All of
 * it can be made from the database at any time. The others are read from there when asked for.
 */
export class JobTable {
  /** Which jobs are kept out of the queue. */
  readonly gates = new GateBook()
  /** Of those that wait: on several hosts at once. */
  readonly waitingGangs = new Set<JobId>()
  readonly arrays = new ArrayBook()
  readonly places = new QueuePlaces(() => this.#waiting.keys())
  readonly #store: JobStore
  readonly #jobs = new Map<JobId, JobRecord>()
  readonly #attempts = new Map<AttemptId, Tried>()
  readonly #onHost = new Map<HostId, Map<number, Tried>>()
  readonly #leases = new Map<AttemptId, Lease>()
  readonly #names = new Map<string, JobId>()
  #waiting = new Map<JobId, WaitingJob>()
  #lastWaiting = 0
  #lastId = 0

  constructor(store: JobStore) {
    this.#store = store
    this.reload()
  }

  /** Makes everything anew from the database. */
  reload(): void {
    for (const map of [this.#jobs, this.#attempts, this.#onHost, this.#leases, this.#names, this.#waiting]) map.clear()
    for (const part of [this.gates, this.arrays, this.waitingGangs]) part.clear()
    this.places.changed()
    this.#lastWaiting = 0
    this.#lastId = this.#store.lastId()
    this.#store.crashes.reload()
    for (const job of this.#store.live()) this.add(job)
  }

  /** @param more how many numbers after it are kept, for tasks of an array */
  nextId(more = 0): JobId {
    const id = this.#lastId + 1
    this.#lastId += 1 + more
    return id as JobId
  }

  /** @param isInLine whether it waits for its turn, if it is queued: a task that begins does not */
  add(job: JobRecord, isInLine = true): void {
    this.#jobs.set(job.id, job)
    this.arrays.add(job)
    // Tasks go by the name of their array.
    if (job.spec.name !== null && job.task === undefined && !isFinal(job.state))
      this.#names.set(nameKey(job.user, job.spec.name), job.id)
    for (const attempt of job.attempts) if (attempt.onHost) this.addAttempt({ job, attempt })
    if (job.state === "queued" && isInLine) this.enqueue(job, null)
    this.gates.note(job)
  }

  /** @throws {WindfallError} job_not_found */
  get(id: JobId): JobRecord {
    const job = this.#jobs.get(id) ?? this.#store.get(id) ?? this.#unbegun(id)
    if (job !== undefined) return job
    throw new WindfallError("job_not_found", `Cannot find job ${id}: there is no such job`, {
      hint: "See your jobs: windfall ps --all",
    })
  }

  /** The array of a task, or `undefined`: what is no task has none. */
  arrayOf({ task }: Pick<JobRecord, "task">): JobRecord | undefined {
    return task === undefined ? undefined : (this.#jobs.get(task.array) ?? this.#store.get(task.array))
  }

  /** A task without a record, as it stands. */
  unbegunTask(array: JobRecord, index: number): JobRecord | undefined {
    const id = taskIdOf(array, index)
    return id === undefined ? undefined : unbegunTask(array, id)
  }

  /** A task without a record of its own, as it stands. */
  #unbegun(id: JobId): JobRecord | undefined {
    const kept = this.#store.tasks.arrayKeeping(id)
    const array = kept === undefined ? undefined : (this.#jobs.get(kept) ?? this.#store.get(kept))
    return array === undefined ? undefined : unbegunTask(array, id)
  }

  /** The record in memory where there is one: the one to show and to change. */
  live(id: JobId): JobRecord | undefined {
    return this.#jobs.get(id)
  }

  /** Jobs in memory, oldest first for those sent in this run. */
  all(): Iterable<JobRecord> {
    return this.#jobs.values()
  }

  /** The sender's unfinished job of this name. */
  named(user: string, name: string): JobId | undefined {
    return this.#names.get(nameKey(user, name))
  }

  addAttempt(tried: Tried): void {
    const { attempt } = tried
    this.#attempts.set(attempt.id, tried)
    const there = this.#onHost.get(attempt.hostId) ?? new Map<number, Tried>()
    this.#onHost.set(attempt.hostId, there.set(attempt.sequence, tried))
    if (!attempt.swept) this.#leases.set(attempt.id, leaseOf(tried))
  }

  /** What is known of when the attempt ends has changed. */
  leaseChanged(tried: Tried): void {
    if (this.#leases.has(tried.attempt.id)) this.#leases.set(tried.attempt.id, leaseOf(tried))
  }

  attempt(id: AttemptId): Tried | undefined {
    return this.#attempts.get(id)
  }

  /** The attempt with this sequence number on a host. */
  onHostWith(host: HostId, sequence: number): Tried | undefined {
    return this.#onHost.get(host)?.get(sequence)
  }

  /** All a host may hold something of, by sequence number. */
  onHost(host: HostId): Tried[] {
    return [...(this.#onHost.get(host)?.values() ?? [])].sort((a, b) => a.attempt.sequence - b.attempt.sequence)
  }

  releaseLease(attempt: AttemptRecord): void {
    this.#leases.delete(attempt.id)
  }

  /**
   * Takes up again what was given up, because a host turns out to hold it still: fenced, so that only its end is seen to.
   * `undefined` for an attempt this database has never known.
   */
  revive(id: AttemptId, host: HostId): Tried | undefined {
    const number = this.#store.attempts.jobOf(id)
    if (number === undefined) return undefined
    const job = this.get(number)
    const attempt = job.attempts.find((each) => each.id === id)
    if (attempt === undefined) return undefined
    Object.assign(attempt, { hostId: host, onHost: true, fenced: true, swept: false } satisfies Partial<AttemptRecord>)
    this.#jobs.set(job.id, job)
    this.addAttempt({ job, attempt })
    return { job, attempt }
  }

  /** The host holds nothing of it any more. The job leaves memory when it has ended and no host holds any of it. */
  removeAttempt({ job, attempt }: Tried): void {
    this.#attempts.delete(attempt.id)
    this.#leases.delete(attempt.id)
    this.#onHost.get(attempt.hostId)?.delete(attempt.sequence)
    this.letGo(job)
  }

  letGo(job: JobRecord): void {
    if (!isFinal(job.state) || job.attempts.some(({ onHost }) => onHost)) return
    this.#jobs.delete(job.id)
    this.arrays.remove(job)
  }

  leases(): Iterable<Lease> {
    return this.#leases.values()
  }

  /** Jobs that wait, in queue order: by number, so that a job tried again keeps its place. */
  waiting(): Iterable<WaitingJob> {
    return this.#waiting.values()
  }

  waitingJob(id: JobId): WaitingJob | undefined {
    return this.#waiting.get(id)
  }

  get waitingCount(): number {
    return this.#waiting.size
  }

  enqueue(job: JobRecord, notBeforeMs: number | null): void {
    invariant(!this.#waiting.has(job.id), `job ${job.id} is queued twice`)
    this.#waiting.set(job.id, {
      id: job.id,
      ...shapeOf(job),
      ...checkpointWait(job, notBeforeMs),
      crashes: this.#store.crashes.of(job.user, job.spec),
      ...(job.array === undefined && job.task === undefined
        ? {}
        : { array: waitingTasks(this.arrays, job, (id) => this.#jobs.get(id)) }),
    })
    if (job.spec.gang !== undefined) this.waitingGangs.add(job.id)
    const turn = turnOf(this.#waiting.get(job.id)!)
    if (turn < this.#lastWaiting) {
      this.#waiting = new Map([...this.#waiting].sort(([a, one], [b, other]) => turnOf(one) - turnOf(other) || a - b))
      this.places.changed()
    }
    // Who comes last moves nobody: places are not counted anew for each of many that come at once.
    else this.places.cameLast(job.id)
    this.#lastWaiting = Math.max(this.#lastWaiting, turn)
  }

  /** What it waits for has changed: it keeps its place. One that is not queued stays as it is. */
  requeue(job: JobRecord): void {
    const waiting = this.#waiting.get(job.id)
    if (waiting === undefined) return
    const { awaits: _, ...rest } = waiting
    this.#waiting.set(job.id, { ...rest, ...checkpointWait(job, null) })
  }

  /** A host has crashed with a job: what waits and is like it goes elsewhere. */
  crashed(): void {
    for (const [id, waiting] of this.#waiting) {
      const job = this.#jobs.get(id)
      if (job !== undefined) {
        this.#waiting.set(id, { ...waiting, crashes: this.#store.crashes.of(job.user, job.spec) })
      }
    }
  }

  dequeue(job: JobRecord): void {
    this.#waiting.delete(job.id)
    this.waitingGangs.delete(job.id)
    this.places.changed()
  }

  freeName(job: JobRecord): void {
    const { name } = job.spec
    if (name === null || this.named(job.user, name) !== job.id) return
    this.#names.delete(nameKey(job.user, name))
    // Singletons share a name: it goes on to who still has it.
    if (job.spec.queue?.after === undefined || job.spec.queue.after === null) return
    for (const other of this.#jobs.values()) {
      if (other.user === job.user && other.spec.name === name && !isFinal(other.state))
        this.#names.set(nameKey(job.user, name), other.id)
    }
  }
}

/** A suspended attempt keeps all of it: what it does not use it takes up again, before anything else starts there. */
function leaseOf({ job, attempt }: Tried): Lease {
  const timeLimitMs = timeLimitOf(job)
  const begun = (attempt.startedAt ?? attempt.placedAt) + attempt.suspendedMs
  return {
    job: job.id,
    host: attempt.hostId,
    resources: attempt.lease,
    user: job.user,
    hasSecrets: job.spec.secrets.length > 0,
    expectedEndMs: timeLimitMs === null || attempt.suspended !== null ? null : begun + timeLimitMs,
  }
}

/** Until when it waits for what its last attempt wrote, or else for its next try. */
function checkpointWait(job: JobRecord, notBeforeMs: number | null): Pick<WaitingJob, "notBeforeMs" | "awaits"> {
  const awaited = job.checkpoint?.awaited ?? null
  if (awaited === null || awaited.until <= (notBeforeMs ?? 0)) return { notBeforeMs }
  const { hostName } = job.attempts.find(({ number }) => number === awaited.attempt) ?? { hostName: "its host" }
  return { notBeforeMs: awaited.until, awaits: `what attempt ${awaited.attempt} wrote on ${hostName}` }
}

function nameKey(user: string, name: string): string {
  return `${user}\0${name}`
}

/** Grows with its turn among those that wait. A task that waits by itself, whose number is past its array's, stands before the rest of that. */
function turnOf({ id, array }: WaitingJob): number {
  return array === undefined || array.of === id ? id : array.of - 1 / (1 + id - array.of)
}
