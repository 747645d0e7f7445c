import fc from "fast-check"
import type { HostId, JobId } from "../../src/protocol/ids.ts"
import { needOn } from "../../src/protocol/resources.ts"
import type { Need, Pieces } from "../../src/scheduler/calendar/need.ts"
import type {
  Booking,
  PlannedLease,
  PlannerHost,
  PlannerJob,
  PlannerScene,
} from "../../src/scheduler/calendar/planner-scene.ts"

const MINUTE_MS = 60_000
export const GRID_MS = MINUTE_MS
/** How far the planner looks in these scenes. */
export const WINDOW_MS = 90 * MINUTE_MS
/** A full minute. */
export const FULL_MS = 1_000_000 * MINUTE_MS

/** Plain objects, as a server makes them. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record<T>(model, { noNullPrototype: true })

const need: fc.Arbitrary<Need> = fc.oneof(
  fc.constant("whole" as const),
  record({
    memoryBytes: fc.integer({ min: 1, max: 6 }),
    gpus: fc.constantFrom(0, 0, null, 1),
    cores: fc.integer({ min: 1, max: 3 }),
  }),
)
const pieces: fc.Arbitrary<Pieces> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.constant({ matlab: 1 }) },
)

/** Small pools whose jobs get in each other's way; times on the grid and beside it. */
export function plannerScenes(options: { bookings?: boolean; maxJobs?: number } = {}): fc.Arbitrary<PlannerScene> {
  const { bookings = true, maxJobs = 10 } = options
  return fc.integer({ min: 1, max: 5 }).chain((count) => {
    const ids = Array.from({ length: count }, (_, at) => `mac${at + 1}` as HostId)
    const hosts = fc.tuple(...ids.map((id) => host(id)))
    const some = fc.subarray(ids, { minLength: 1 })
    return record({
      hosts,
      pieces: fc.constant({ matlab: 2 }),
      // On hosts of their own, so that what runs has room.
      running: fc.subarray(ids).chain((busy) => fc.tuple(...busy.map((id) => lease(id)))),
      // Few kinds, so that there are some alike.
      waiting: fc
        .array(job(count, some), { minLength: 1, maxLength: 6 })
        .chain((kinds) => fc.array(fc.constantFrom(...kinds), { maxLength: maxJobs }))
        .map((jobs) => jobs.map((each, at) => ({ ...each, id: (at + 1) as JobId }))),
      bookings: bookings ? fc.array(booking(some), { maxLength: 2 }) : fc.constant([]),
    })
  })
}

function host(id: HostId): fc.Arbitrary<PlannerHost> {
  const total = record({
    memoryBytes: fc.integer({ min: 4, max: 8 }),
    gpus: fc.nat(1),
    cores: fc.integer({ min: 2, max: 4 }),
  })
  return record({ id: fc.constant(id), total, weight: fc.integer({ min: 1, max: 2 }) })
}

function lease(id: HostId): fc.Arbitrary<PlannedLease> {
  return record({
    hosts: fc.constant([id]),
    need: fc.oneof(fc.constant("whole" as const), fc.constant({ memoryBytes: 2, gpus: 0, cores: 1 })),
    pieces: fc.constant({}),
    endMs: fc.integer({ min: 1, max: 600 }).map((seconds) => FULL_MS + seconds * 1000),
  })
}

function job(count: number, some: fc.Arbitrary<HostId[]>): fc.Arbitrary<Omit<PlannerJob, "id">> {
  return record({
    hosts: fc.integer({ min: 1, max: Math.min(3, count) }),
    need,
    pieces,
    allowed: fc.option(
      some.map((ids) => new Set(ids)),
      { freq: 2 },
    ),
    limitMs: fc.oneof(
      fc.integer({ min: 1, max: 12 }).map((minutes) => minutes * MINUTE_MS),
      fc.integer({ min: 20, max: 500 }).map((seconds) => seconds * 1000),
    ),
  })
}

function booking(some: fc.Arbitrary<HostId[]>): fc.Arbitrary<Booking> {
  return record({
    ids: some,
    from: fc.integer({ min: -3, max: 20 }),
    lasts: fc.integer({ min: 1, max: 15 }),
    admits: fc.uniqueArray(fc.integer({ min: 1, max: 10 }), { maxLength: 3 }),
  }).map(({ ids, from, lasts, admits }) => ({
    hosts: new Set(ids),
    startMs: FULL_MS + from * MINUTE_MS,
    endMs: FULL_MS + (from + lasts) * MINUTE_MS,
    admits: new Set(admits as JobId[]),
  }))
}

/** What is taken, minute by minute and host by host: slow, and too plain to be wrong in the same way as the planner. */
export class Minutes {
  readonly #scene: PlannerScene
  readonly #beginMs: number
  readonly #taken: { readonly at: number; readonly to: number; readonly host: HostId; readonly need: Need }[] = []
  readonly #pieces: { readonly at: number; readonly to: number; readonly pieces: Pieces }[] = []

  constructor(scene: PlannerScene, nowMs: number) {
    this.#scene = scene
    this.#beginMs = Math.floor(nowMs / GRID_MS) * GRID_MS
    for (const { hosts, need: held, pieces: ofPool, endMs } of scene.running)
      this.take(hosts, held, ofPool, nowMs, Math.max(endMs, nowMs + 1))
  }

  take(hosts: readonly HostId[], held: Need, ofPool: Pieces, fromMs: number, toMs: number): void {
    const at = Math.max(0, Math.floor((fromMs - this.#beginMs) / GRID_MS))
    const to = Math.max(at + 1, Math.ceil((toMs - this.#beginMs) / GRID_MS))
    for (const id of hosts) this.#taken.push({ at, to, host: id, need: held })
    this.#pieces.push({ at, to, pieces: ofPool })
  }

  /** Hosts on which the job could run from then on to its limit, the minute of its very end included. */
  roomFor(one: PlannerJob, startMs: number): HostId[] {
    const first = Math.floor((startMs - this.#beginMs) / GRID_MS)
    const last = Math.floor((startMs + one.limitMs - this.#beginMs) / GRID_MS)
    const minutes = Array.from({ length: last - first + 1 }, (_, at) => first + at).filter(
      (minute) => minute * GRID_MS < WINDOW_MS,
    )
    return this.#scene.hosts
      .filter(({ id }) => one.allowed === null || one.allowed.has(id))
      .filter(({ id }) => !this.#isBooked(id, one, startMs))
      .filter((each) => minutes.every((minute) => this.#hasRoom(each, one.need, minute)))
      .filter(() => minutes.every((minute) => this.#hasPieces(one.pieces, minute)))
      .map(({ id }) => id)
  }

  /** Whether no host and no piece is given out twice at any time. */
  isPossible(): boolean {
    const minutes = new Set([...this.#taken, ...this.#pieces].map(({ at }) => at))
    return [...minutes].every(
      (minute) =>
        this.#hasPieces({}, minute) &&
        this.#scene.hosts.every((each) => this.#hasRoom(each, { memoryBytes: 0, gpus: 0, cores: 0 }, minute)),
    )
  }

  #isBooked(id: HostId, one: PlannerJob, startMs: number): boolean {
    return this.#scene.bookings.some(
      (each) =>
        each.hosts.has(id) && !each.admits.has(one.id) && each.startMs < startMs + one.limitMs && each.endMs > startMs,
    )
  }

  #hasRoom({ id, total }: PlannerHost, wanted: Need, minute: number): boolean {
    const here = this.#taken.filter(({ host: at, at: from, to }) => at === id && from <= minute && minute < to)
    if (here.some(({ need: held }) => held === "whole"))
      return here.length === 1 && wanted !== "whole" && isNothing(wanted)
    if (wanted === "whole") return here.length === 0
    const all = [...here.map(({ need: held }) => held), wanted].map((each) =>
      needOn(each as Exclude<Need, "whole">, total),
    )
    const sum = (of: "memoryBytes" | "gpus" | "cores") => all.reduce((so, each) => so + each[of], 0)
    return sum("memoryBytes") <= total.memoryBytes && sum("gpus") <= total.gpus && sum("cores") <= total.cores
  }

  #hasPieces(wanted: Pieces, minute: number): boolean {
    const here = this.#pieces.filter(({ at, to }) => at <= minute && minute < to)
    return Object.entries(this.#scene.pieces).every(
      ([name, count]) => here.reduce((sum, each) => sum + (each.pieces[name] ?? 0), wanted[name] ?? 0) <= count,
    )
  }
}

function isNothing({ memoryBytes, gpus, cores }: Exclude<Need, "whole">): boolean {
  return memoryBytes === 0 && gpus === 0 && cores === 0
}
