import type { HostId, JobId } from "../protocol/ids.ts"
import type { Resources } from "../protocol/resources.ts"
import { Pass, type ShapeQueue } from "./pass.ts"
import { placeTasks, Throttle } from "./place-tasks.ts"
import type { Snapshot } from "./snapshot.ts"

/** The scheduler's answer. */
export interface Plan {
  /** Jobs to start now, in queue order, and where. */
  readonly starts: readonly Start[]
  /** Who holds places, as far as the pass had to look: it ends as soon as no host can take anything more. */
  readonly reservations: readonly Reservation[]
  /** When to plan again although nothing changed: the earliest `notBeforeMs` still to come that was seen; else `null`. */
  readonly wakeAtMs: number | null
}

export interface Start {
  readonly job: JobId
  /** Of an array: which of its tasks; else `null`. */
  readonly task: number | null
  readonly host: HostId
  /** What the attempt's lease holds there. */
  readonly resources: Resources
}

/** Jobs alike that cannot start yet: on these hosts nothing later starts that would delay one of them. */
export interface Reservation {
  readonly jobs: readonly JobId[]
  readonly hosts: readonly HostId[]
}

/**
 * Decides what starts now. Pure: the same snapshot and time give the same plan, whatever the order of hosts and leases.
 *
 * The first jobs of a queue get the same hosts at the same times whether or not later jobs stand behind them.
 */
export function plan(snapshot: Snapshot, nowMs: number): Plan {
  const pass = new Pass(snapshot)
  const starts: Start[] = []
  const holding = new Set<ShapeQueue>()
  const throttle = new Throttle()
  let wakeAtMs: number | null = null
  for (const job of snapshot.waiting) {
    if (pass.isFull) break
    if (job.notBeforeMs !== null && job.notBeforeMs > nowMs) {
      wakeAtMs = Math.min(wakeAtMs ?? job.notBeforeMs, job.notBeforeMs)
      continue
    }
    const { starts: begun, waits } = placeTasks(pass, throttle, job)
    for (const start of begun) starts.push(start)
    if (waits) holding.add(pass.queueOf(job))
  }
  const reservations = [...holding].map(({ held, rooms }) => ({ jobs: held, hosts: rooms.map(({ host }) => host.id) }))
  return { starts, reservations, wakeAtMs }
}
