import type { HostId, JobId } from "../protocol/ids.ts"
import { fits, needOn, type Resources, subtractResources } from "../protocol/resources.ts"
import { bySize } from "./host-size.ts"
import { missingBytes, moveStep } from "./move.ts"
import { couldRunOn, crashesOn, keptOn, mustStayApart, takesJobs } from "./obstacle.ts"
import { type Budget, type Occupant, Outlook, STEPS_PER_PASS } from "./outlook.ts"
import { type Shape, ShapeIndex } from "./shape.ts"
import type { Lease, SchedulableHost, Snapshot, WaitingJob } from "./snapshot.ts"

/** A host during a pass. */
export interface HostRoom {
  readonly host: SchedulableHost
  /** What jobs may use in all just now. */
  readonly total: Resources
  readonly leases: Lease[]
  /** Shapes of earlier jobs that could run here and cannot start yet. */
  readonly holders: ShapeQueue[]
  free: Resources
  /** Made when asked for, and again after leases or holders changed. */
  outlook: Outlook | undefined
}

/** The jobs of one shape during a pass. */
export interface ShapeQueue {
  readonly shape: Shape
  /** Hosts it could ever run on and that no booking keeps from it now, in the order of its rank. */
  readonly rooms: readonly HostRoom[]
  /** Jobs of this shape that hold a place. */
  readonly held: JobId[]
  /** How many places these hold: tasks of an array wait as one job. */
  places: number
  /** Rooms before this one are tried and closed: within a pass room only shrinks and places are only added. */
  next: number
}

/** One way through the queue, job by job in order. `place` must be called for every due job. */
export class Pass {
  readonly rooms: readonly HostRoom[]
  readonly #shapes: ShapeIndex<ShapeQueue>
  readonly #budget: Budget = { steps: STEPS_PER_PASS }
  #open: number

  constructor(snapshot: Pick<Snapshot, "hosts" | "leases">) {
    const byId = new Map<HostId, HostRoom>()
    for (const host of snapshot.hosts) {
      const total = totalNow(host)
      byId.set(host.id, { host, total, leases: [], holders: [], free: total, outlook: undefined })
    }
    for (const lease of snapshot.leases) {
      const room = byId.get(lease.host)
      if (room !== undefined) addLease(room, lease)
    }
    this.rooms = [...byId.values()].sort((a, b) => bySize(a.host, b.host))
    this.#open = this.rooms.filter(isOpen).length
    this.#shapes = new ShapeIndex((shape) => ({
      shape,
      rooms: byMerit(
        shape,
        this.rooms.filter(({ host }) => keptOn(shape, host) === undefined && couldRunOn(shape, host)),
      ),
      held: [],
      places: 0,
      next: 0,
    }))
  }

  /** No host can take anything more: the rest of the queue need not be looked at. */
  get isFull(): boolean {
    return this.#open === 0
  }

  queueOf(job: WaitingJob): ShapeQueue {
    return this.#shapes.get(job)
  }

  /**
   * Starts the job on the first host of its rank that can have it and returns that; else lets it hold its place, and returns `undefined`.
   * @param wanted how many places it holds then
   */
  place(job: WaitingJob, wanted = 1): { readonly room: HostRoom; readonly need: Resources } | undefined {
    const queue = this.queueOf(job)
    for (; queue.next < queue.rooms.length; queue.next++) {
      const room = queue.rooms[queue.next]
      if (room === undefined || !this.#admits(room, queue.shape)) continue
      const need = needOn(job.resources, room.host.total)
      addLease(room, {
        job: job.id,
        host: room.host.id,
        resources: need,
        user: job.user,
        hasSecrets: job.hasSecrets,
        expectedEndMs: null,
      })
      if (!isOpen(room)) this.#open--
      return { room, need }
    }
    if (queue.held.length === 0) for (const room of queue.rooms) room.holders.push(queue)
    queue.held.push(job.id)
    // A job takes at least one core: more of a shape than cores change nothing.
    for (const room of queue.rooms) if (queue.places < room.host.total.cores) room.outlook = undefined
    queue.places += wanted
    return undefined
  }

  /** Whether a job of this shape, started on this host now, could be in the way of an earlier one that waits for it. */
  isHeld(room: HostRoom, shape: Shape): boolean {
    if (room.holders.length === 0) return false
    room.outlook ??= new Outlook([...occupantsOf(room.holders, room), ...alike(room.leases)], room.total)
    return this.#isInTheWay(room, shape, room.holders, room.outlook)
  }

  /** The same for just one shape of earlier jobs. */
  isHeldFor(room: HostRoom, shape: Shape, holder: ShapeQueue): boolean {
    const outlook = new Outlook([...occupantsOf([holder], room), ...alike(room.leases)], room.total)
    return this.#isInTheWay(room, shape, [holder], outlook)
  }

  #isInTheWay(room: HostRoom, shape: Shape, holders: readonly ShapeQueue[], outlook: Outlook): boolean {
    return (
      holders.some((holder) => mustStayApart(shape, holder.shape)) ||
      !outlook.alwaysFits(needOn(shape.resources, room.host.total), this.#budget)
    )
  }

  #admits(room: HostRoom, shape: Shape): boolean {
    return (
      isOpen(room) &&
      fits(needOn(shape.resources, room.host.total), room.free) &&
      !room.leases.some((lease) => mustStayApart(shape, lease)) &&
      !this.isHeld(room, shape)
    )
  }
}

function* occupantsOf(holders: readonly ShapeQueue[], room: HostRoom): Generator<Occupant> {
  for (const { shape, places } of holders) {
    yield { need: needOn(shape.resources, room.host.total), count: places }
  }
}

/** Memory that others use just now is as if the host did not have it. */
export function totalNow({ total, memoryNowBytes }: SchedulableHost): Resources {
  if (memoryNowBytes === undefined || memoryNowBytes >= total.memoryBytes) return total
  return { ...total, memoryBytes: Math.max(0, memoryNowBytes) }
}

/** Whether the host can take anything at all: jobs ask for a byte and a core at the least. */
function isOpen({ host, free }: HostRoom): boolean {
  return takesJobs(host) && free.memoryBytes > 0 && free.cores > 0
}

function addLease(room: HostRoom, lease: Lease): void {
  room.leases.push(lease)
  room.outlook = undefined
  room.free = subtractResources(room.free, lease.resources)
}

/** Leases of the same size counted together, so that many small ones are one thing to reckon with. */
function alike(leases: readonly Lease[]): Occupant[] {
  const counts = new Map<string, { need: Resources; count: number }>()
  for (const { resources } of leases) {
    const key = `${resources.memoryBytes}/${resources.gpus}/${resources.cores}`
    const group = counts.get(key)
    if (group === undefined) counts.set(key, { need: resources, count: 1 })
    else group.count++
  }
  return [...counts.values()]
}

/**
 * Those first that did not crash with such jobs; among these those to which least of the data would have to come, then those to which all
 * there is to move comes sooner. By what does not hang on other jobs of the pass either, so that what is said of size holds. The order
 * is kept among equals.
 */
export function byMerit(
  shape: Pick<Shape, "data" | "workspace" | "crashes">,
  rooms: readonly HostRoom[],
): readonly HostRoom[] {
  const { data, workspace, crashes = [] } = shape
  if (crashes.length === 0 && workspace == null && data.every(({ root }) => root === null)) return rooms
  const merits = new Map(
    rooms.map((room) => [
      room,
      [crashesOn(shape, room.host), missingBytes(data, room.host), moveStep(shape, room.host)] as const,
    ]),
  )
  return rooms.toSorted((a, b) => {
    const [crashesA = 0, bytesA = 0, stepA = 0] = merits.get(a) ?? []
    const [crashesB = 0, bytesB = 0, stepB = 0] = merits.get(b) ?? []
    return crashesA - crashesB || bytesA - bytesB || stepA - stepB
  })
}
