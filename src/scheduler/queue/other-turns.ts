import type { HostId, JobId } from "../../protocol/ids.ts"
import type { Room } from "../calendar/calendar.ts"
import type { Line } from "./line.ts"
import type { OwnHoldGone } from "./own-holds.ts"
import type { WaitReason } from "./queue-plan.ts"
import type { SeveralParts } from "./several-parts.ts"

/**
 * All turns of a job in several partitions. Orders count decisions of the plan: the turn with order 2.5 came after its first two. Those whose turn lay
 * between met what was kept for the job then, though the plan has it no more.
 */
export interface OtherTurns {
  /** By partition. */
  readonly orders: ReadonlyMap<string, number>
  /** By partition, why not all of it has a time there. */
  readonly reasons: ReadonlyMap<string, WaitReason>
  readonly keptMeanwhile: readonly KeptMeanwhile[]
}

/** What was kept for a job from one of its turns to another. */
export interface KeptMeanwhile {
  readonly partition: string
  readonly order: number
  /** Those with a higher one did not meet it. */
  readonly untilOrder: number
  readonly limitMs: number
  /** `null`: it only held places. */
  readonly room: Room | null
  readonly holds: readonly HostId[]
}

/** A line of the job, with the number of decisions before it, and of those before what waits there. */
export interface TurnTaken {
  readonly line: Line
  readonly before: number
  readonly after: number
}

/** @param turns by line */
export function otherTurnsOf(
  turns: ReadonlyMap<number, TurnTaken>,
  { givenUp, reasons }: Pick<SeveralParts, "givenUp" | "reasons">,
): OtherTurns {
  const orders = new Map([...turns.values()].map(({ line, after }) => [line.standing.partition.name, after + 0.5]))
  const keptMeanwhile = givenUp.map(({ at, untilAt, room, holds }): KeptMeanwhile => {
    const { line, after } = turns.get(at)!
    const untilOrder = turns.get(untilAt)!.before + 0.5
    const partition = line.standing.partition.name
    return { partition, order: after + 0.5, untilOrder, limitMs: line.limitMs, room, holds }
  })
  const byPartition = [...reasons].map(([at, reason]) => [turns.get(at)!.line.standing.partition.name, reason] as const)
  return { orders, reasons: new Map(byPartition), keptMeanwhile }
}

export const ONE_TURN: OtherTurns = { orders: new Map(), reasons: new Map(), keptMeanwhile: [] }

export interface KeptFirst {
  readonly job: JobId
  readonly kept: KeptMeanwhile
}

/** The order of what is decided before all turns, also before a turn that comes before all decisions (0.5): as that of the queue, below 0.5. */
export function orderBeforeAll(decision: number): number {
  return 0.5 - 0.5 / (decision + 1)
}

/** What was kept for an owner's job before all turns, until one of its own. */
export function keptFirst({ line, room }: OwnHoldGone, untilOrder: number): KeptFirst {
  const partition = line.standing.partition.name
  // Before all turns it was in the order of the queue, too.
  const order = orderBeforeAll(untilOrder + 0.5)
  return { job: line.spec.id, kept: { partition, order, untilOrder, limitMs: line.limitMs, room, holds: [] } }
}
