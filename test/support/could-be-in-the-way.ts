import { needOn } from "../../src/protocol/resources.ts"
import { totalOf } from "../../src/scheduler/queue/attempt-room.ts"
import type { QueueEntry } from "../../src/scheduler/queue/queue-plan.ts"
import type { QueueHost, QueueJob } from "../../src/scheduler/queue/queue-scene.ts"

/** What somebody takes of a host. */
interface Taken {
  readonly job: number
  readonly memoryBytes: number
  readonly gpus: number
  readonly cores: number
  readonly alone: boolean
}

/** Whether some of those that are on the host, and of those that hold a place, fit beside each other and not beside it: all are tried. */
export function couldBeInTheWay(
  host: QueueHost,
  mine: Taken,
  there: readonly Taken[],
  holders: readonly QueueJob[],
  entries: readonly QueueEntry[],
): boolean {
  const total = totalOf(host)
  const fits = (some: readonly Taken[]) => {
    const sum = (of: "memoryBytes" | "gpus" | "cores") =>
      some.reduce((all, one) => all + (one.alone ? total[of] : one[of]), 0)
    return sum("memoryBytes") <= total.memoryBytes && sum("gpus") <= total.gpus && sum("cores") <= total.cores
  }
  const waiting = holders.flatMap((one) => {
    const planned = entries.filter(({ job, task }) => job === one.id && task !== null).length
    const tasks =
      one.array === null ? 1 : Math.min(one.array.tasks.count - planned, (one.array.tasks.atOnce ?? 9) - planned)
    return Array.from({ length: Math.min(tasks, total.cores) }, () => ({
      job: one.id,
      ...needOn(one.resources, total),
      alone: one.alone,
    }))
  })
  const all = [...there, ...waiting]
  const tryFrom = (at: number, chosen: readonly Taken[]): boolean => {
    if (!fits(chosen)) return false
    if (!fits([...chosen, mine])) return true
    return at < all.length && (tryFrom(at + 1, [...chosen, all[at]!]) || tryFrom(at + 1, chosen))
  }
  return tryFrom(0, [])
}
