import type { HostId, JobId } from "../../protocol/ids.ts"
import { planQueue } from "./plan-queue.ts"
import type { QueueEntry } from "./queue-plan.ts"
import type { QueueScene } from "./queue-scene.ts"

/** A host on which no start is planned up to a moment, as it is usually taken then. */
export interface PresenceCounted {
  readonly host: HostId
  readonly untilMs: number
}

const NOWHERE: readonly PresenceCounted[] = []

/** On which hosts' usual times the times of a plan rest. */
export class PresenceCounts {
  readonly #scene: QueueScene
  readonly #nowMs: number
  readonly #estimates: boolean
  /** By job and task, what the plan would say if nobody were expected anywhere. */
  #without: ReadonlyMap<string, QueueEntry> | undefined
  readonly #isOff: boolean

  /** @param estimates whether the plan is one with estimates */
  constructor(scene: QueueScene, nowMs: number, estimates: boolean) {
    this.#scene = scene
    this.#estimates = estimates
    this.#nowMs = nowMs
    this.#isOff = scene.hosts.every(({ expected }) => expected.length === 0)
  }

  /**
   * None, where the plan would say the same of a waiting job if nobody were expected anywhere. Of one that has no time now, those of hosts where it would
   * have one without.
   * @param entry what the plan says of it
   */
  of(entry: QueueEntry): readonly PresenceCounted[] {
    if (this.#isOff || entry.state === "start") return NOWHERE
    this.#without ??= this.#planWithout()
    const other = this.#without.get(keyOf(entry))
    if (other === undefined || isSameTime(other, entry)) return NOWHERE
    const startMs = entry.startMs ?? other.startMs ?? this.#nowMs
    return this.#scene.hosts.flatMap(({ id, expected, partitions }) => {
      if (!partitions.includes(entry.partition) || !isWanted(this.#scene, entry.job, id)) return []
      // The last that lies before its start is the one that the start keeps clear of.
      const time = expected.findLast(({ startMs: fromMs, endMs }) => fromMs <= startMs && endMs > this.#nowMs)
      return time === undefined ? [] : { host: id, untilMs: time.endMs }
    })
  }

  #planWithout(): ReadonlyMap<string, QueueEntry> {
    const without = { ...this.#scene, hosts: this.#scene.hosts.map((host) => ({ ...host, expected: [] })) }
    const { entries } = planQueue(without, this.#nowMs, { estimates: this.#estimates, untried: true })
    return new Map(entries.map((entry) => [keyOf(entry), entry]))
  }
}

/** @param hosts each with until when, in words */
export function presenceText(hosts: readonly string[]): string {
  const where = hosts.join(", ")
  return where === "" ? "" : `; no start is planned, as they are usually in use or kept free then, on ${where}`
}

function keyOf({ job, task }: QueueEntry): string {
  return `${job} ${task}`
}

function isSameTime(a: QueueEntry, b: QueueEntry): boolean {
  return a.startMs === b.startMs && a.hosts.join() === b.hosts.join()
}

function isWanted({ waiting, hosts }: QueueScene, job: JobId, id: HostId): boolean {
  const wanted = waiting.find((one) => one.id === job)?.hostsWanted ?? null
  const name = hosts.find((host) => host.id === id)?.name ?? id
  return wanted === null || wanted.includes(id) || wanted.includes(name)
}
