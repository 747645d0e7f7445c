import type { HostId, JobId } from "../../src/protocol/ids.ts"
import { needOn } from "../../src/protocol/resources.ts"
import { DEFAULT_POLICY } from "../../src/scheduler/policy/default-policy.ts"
import { planStarts } from "../../src/scheduler/queue/next-start.ts"
import { orderQueue } from "../../src/scheduler/queue/order-queue.ts"
import type { QueueHost, QueueJob, QueueScene, RunningAttempt } from "../../src/scheduler/queue/queue-scene.ts"
import { EventHeap } from "./simulation/event-heap.ts"

export const MINUTE_MS = 60_000

export interface StreamJob {
  readonly spec: QueueJob
  readonly lastsMs: number
}

interface JobWords {
  readonly id: number
  readonly memoryBytes: number
  readonly lastsMs: number
  readonly priority: number
  readonly gpus?: number
  readonly hosts?: number
  readonly limitMs?: number
  readonly pieces?: Readonly<Record<string, number>>
}

export function jobOf({ id, memoryBytes, lastsMs, priority, gpus = 0, ...more }: JobWords): StreamJob {
  return {
    lastsMs,
    spec: {
      id: id as JobId,
      name: "job",
      user: "ann",
      account: "default",
      partitions: ["apple_gpu"],
      qos: "normal",
      resources: { memoryBytes, gpus, cores: 1 },
      alone: false,
      hosts: 1,
      pieces: {},
      limitMs: null,
      hostsWanted: null,
      hasSecrets: false,
      data: [],
      submittedMs: id,
      accruesSinceMs: null,
      beginMs: null,
      deadlineMs: null,
      hold: null,
      priority,
      nice: 0,
      site: 0,
      dependency: null,
      booking: null,
      expedited: false,
      interactive: false,
      array: null,
      ...more,
    },
  }
}

/** Hosts with so many bytes each, nobody's. */
export function poolOf(memories: readonly number[], pieces: Readonly<Record<string, number>> = {}): QueueScene {
  const hosts = memories.map(
    (memoryBytes, at): QueueHost => ({
      id: `mac${at + 1}` as HostId,
      name: `mac${at + 1}`,
      link: "ready",
      reason: null,
      draining: false,
      withheld: null,
      ownerObstacles: [],
      users: null,
      total: { memoryBytes, gpus: 1, cores: 8 },
      partitions: ["apple_gpu"],
      data: new Set(),
      places: new Set(),
      owner: null,
      weight: memoryBytes,
      expected: [],
    }),
  )
  const blank = { fairShares: new Map(), used: new Map(), waiting: [], running: [], bookings: [], ended: [] }
  return { ...blank, policy: DEFAULT_POLICY, hosts, pieces }
}

/** Plays jobs that come and end on a pool, planned anew at each change. Minutes are of its own clock, from 0 on. */
export class Stream {
  readonly #pool: QueueScene
  readonly #events = new EventHeap()
  readonly #waiting = new Map<number, StreamJob>()
  readonly #running = new Map<number, { readonly attempt: RunningAttempt; readonly endMs: number }>()
  readonly #started = new Map<number, number>()
  #nowMs = 0

  constructor(pool: QueueScene) {
    this.#pool = pool
  }

  send(job: StreamJob, atMinute: number): void {
    this.#events.add(atMinute * MINUTE_MS, () => this.#waiting.set(job.spec.id, job))
  }

  /**
   * Until nothing happens any more.
   * @param planned is called after each plan, with who stood before all when it was made
   */
  run(planned: (nowMs: number, front: number | null) => void = () => {}): void {
    while (this.#events.nextMs < Number.POSITIVE_INFINITY) {
      this.#nowMs = this.#events.nextMs
      while (this.#events.nextMs <= this.#nowMs) this.#events.next()
      const front = this.front()
      this.#plan()
      planned(this.#nowMs, front)
    }
  }

  /** When it started; runs the stream first if that has not been done. */
  startOf(id: number): number | null {
    this.run()
    return this.#started.get(id) ?? null
  }

  /** Who stands before all that wait. */
  front(): number | null {
    return orderQueue(this.#scene(), this.#nowMs).lines[0]?.spec.id ?? null
  }

  endsMs(): readonly number[] {
    return [...this.#running.values()].map(({ endMs }) => endMs)
  }

  #scene(): QueueScene {
    const waiting = [...this.#waiting.values()].map(({ spec }) => spec)
    return { ...this.#pool, waiting, running: [...this.#running.values()].map(({ attempt }) => attempt) }
  }

  #plan(): void {
    const scene = this.#scene()
    for (const { job, hosts } of planStarts(scene, orderQueue(scene, this.#nowMs), this.#nowMs)) {
      const { spec, lastsMs } = this.#waiting.get(job)!
      this.#waiting.delete(job)
      this.#started.set(job, this.#nowMs)
      const resources = needOn(spec.resources, this.#pool.hosts[0]!.total)
      const endMs = this.#nowMs + lastsMs
      const attempt = {
        ...spec,
        job,
        task: null,
        partition: "apple_gpu",
        hosts,
        resources,
        startedMs: this.#nowMs,
        leavesMs: null,
      }
      this.#running.set(job, { attempt, endMs })
      this.#events.add(endMs, () => this.#running.delete(job))
    }
  }
}
