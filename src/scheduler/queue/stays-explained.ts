import { DEFAULT_MEMORY_BYTES, needOn, type Resources } from "../../protocol/resources.ts"
import { totalOf } from "./attempt-room.ts"
import type { Line } from "./line.ts"
import type { Occupancy, Occupant } from "./occupancy.ts"
import type { QueueHost, RunningAttempt } from "./queue-scene.ts"

/**
 * Whether one that runs on a host could stay there, stopped, beside the line that gets its place, as the line finds the host at its turn: the rule of
 * stay-beside.ts, asked of a finished plan.
 * @param order of the line's turn, as {@link Occupancy.orderOf} counts
 * @param goes whether another one that runs there would have to leave for the line
 */
export function couldStay(
  occupancy: Occupancy,
  line: Line,
  host: QueueHost,
  order: number,
  attempt: RunningAttempt,
  goes: (other: RunningAttempt) => boolean,
): boolean {
  const { grid, scene } = occupancy
  const { spec, limitMs } = line
  if (!piecesAreLeft(occupancy, line, goes)) return false
  const here = scene.running.filter(({ hosts }) => hosts.includes(host.id))
  const gone = new Set(here.filter((one) => one !== attempt && goes(one)).map(({ job }) => job))
  const others = occupancy
    .on(host, order, spec.id)
    .filter(({ job, planned }) => planned || (job !== attempt.job && !gone.has(job)))
  const asked = spec.resources.memoryBytes ?? DEFAULT_MEMORY_BYTES
  const both: Resources = { memoryBytes: asked + attempt.resources.memoryBytes, gpus: 0, cores: 0 }
  const span = occupancy.stepsOf(grid.nowMs, grid.nowMs + limitMs)
  if (!haveRoom(occupancy, host, others, both, span.firstStep, span.endStep)) return false
  const need = needOn(spec.resources, host.total)
  const { gpus, cores } = attempt.resources
  const planned = others.filter((one) => one.planned)
  const beside = { memoryBytes: 0, gpus: Math.max(gpus, need.gpus), cores: Math.max(cores, need.cores) }
  if (!haveRoom(occupancy, host, planned, beside, span.firstStep, span.endStep)) return false
  // It goes on then, with all that it held.
  const endMs = attempt.limitMs === null ? Number.POSITIVE_INFINITY : attempt.startedMs + attempt.limitMs + limitMs
  const { endStep } = occupancy.stepsOf(grid.nowMs, endMs)
  return haveRoom(occupancy, host, planned, attempt.resources, span.endStep, endStep)
}

/** Whether the line would have room on the host without these jobs that run there. @param order of its turn, as for {@link couldStay} */
export function hasRoomWithout(
  occupancy: Occupancy,
  { spec, limitMs }: Line,
  host: QueueHost,
  order: number,
  gone: ReadonlySet<number>,
): boolean {
  const { nowMs } = occupancy.grid
  const others = occupancy.on(host, order, spec.id).filter(({ job, planned }) => planned || !gone.has(job))
  const isAlone = spec.alone || spec.hasSecrets
  const need = isAlone ? totalOf(host) : needOn(spec.resources, host.total)
  const { firstStep, endStep } = occupancy.stepsOf(nowMs, nowMs + limitMs)
  return haveRoom(occupancy, host, others, need, firstStep, endStep)
}

/** Whether that much is free beside them in each of these steps, the last one not included. */
function haveRoom(
  occupancy: Occupancy,
  host: QueueHost,
  others: readonly Occupant[],
  need: Resources,
  firstStep: number,
  endStep: number,
): boolean {
  const { steps } = occupancy.grid
  const begins = others.flatMap((one) => (one.firstStep > firstStep && one.firstStep < endStep ? one.firstStep : []))
  return [firstStep, ...begins].every((step) => {
    if (step >= Math.min(endStep, steps)) return true
    const free = occupancy.freeBeside(
      host,
      others.filter((one) => one.firstStep <= step && step < one.endStep),
    )
    return need.memoryBytes <= free.memoryBytes && need.gpus <= free.gpus && need.cores <= free.cores
  })
}

/** Who is stopped keeps its licences. */
function piecesAreLeft({ scene }: Occupancy, { spec }: Line, goes: (other: RunningAttempt) => boolean): boolean {
  return Object.entries(spec.pieces).every(([name, asked]) => {
    const kept = scene.running.reduce((sum, one) => sum + (goes(one) ? 0 : (one.pieces[name] ?? 0)), 0)
    return kept + asked <= (scene.pieces[name] ?? 0)
  })
}
