import type { ResourceRequest } from "../../protocol/resources.ts"
import type { QueueJob } from "./queue-scene.ts"
import type { Standing } from "./standings.ts"
import { Way } from "./way.ts"

/** What lines have in common that ask alike in one standing: in long queues few differ, and what is found out of one holds for all. */
export interface Asking {
  /** From 0 on, the same for no two of one {@link Askings}. */
  readonly index: number
  readonly resources: ResourceRequest
  /** Their jobs stand in several partitions. */
  readonly hasSeveralTurns: boolean
  /** They have one turn and are no arrays. */
  readonly isPlain: boolean
}

/** Tells lines apart by what they ask for, and on which conditions. */
export class Askings {
  readonly #ways = new Way<Asking>()
  #count = 0

  of(standing: Standing, job: QueueJob, limitMs: number): Asking {
    const { memoryBytes, gpus, cores } = job.resources
    const amounts = this.#ways.to(memoryBytes).to(gpus).to(cores).to(job.hosts).to(limitMs)
    const more = moreOf(job)
    // Standings last: there are far more of them.
    const way = (more === "" ? amounts : amounts.to(more)).to(standing)
    way.end ??= this.#make(job)
    return way.end
  }

  #make({ resources, partitions, array }: QueueJob): Asking {
    const hasSeveralTurns = partitions.length > 1
    return { index: this.#count++, resources, hasSeveralTurns, isPlain: array === null && !hasSeveralTurns }
  }
}

/** What is said of few jobs, in words; nothing for most. */
function moreOf(job: QueueJob): string {
  const { partitions, array, alone, hasSecrets, hostsWanted, booking, beginMs, data, crashes } = job
  const hasOneTurn = partitions.length === 1 && array === null && beginMs === null
  const takesAny = !alone && !hasSecrets && hostsWanted === null && booking === null && data.length === 0
  const pieces = piecesKey(job)
  if (hasOneTurn && takesAny && pieces === "" && (crashes === undefined || crashes.length === 0)) return ""
  const turns = [partitions.length === 1, array !== null, beginMs]
  return JSON.stringify([...turns, alone || hasSecrets, hostsWanted, booking, data, pieces, crashes])
}

/** What it needs of what the pool has some of, in words. */
export function piecesKey({ pieces }: Pick<QueueJob, "pieces">): string {
  for (const _ in pieces) return JSON.stringify(pieces)
  return ""
}
