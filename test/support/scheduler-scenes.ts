import fc from "fast-check"
import type { BlobHash, HostId, JobId } from "../../src/protocol/ids.ts"
import type { HostObstacle } from "../../src/protocol/owner.ts"
import { addResources, fits, NO_RESOURCES, needOn, type Resources } from "../../src/protocol/resources.ts"
import { mustStayApart } from "../../src/scheduler/obstacle.ts"
import type { Lease, SchedulableHost, WaitingJob, WantedData } from "../../src/scheduler/snapshot.ts"

/** What property tests draw: small pools with few distinct sizes, so that jobs really get in each other's way. */
export interface Scene {
  readonly hosts: SchedulableHost[]
  readonly waiting: WaitingJob[]
  readonly leases: Lease[]
}

const GB = 1024 ** 3

const HERE: HostObstacle = { code: "owner_here", text: "somebody is at it", until: null }
const PAUSED: HostObstacle = { code: "paused", text: "paused by mia until 18:00", until: 9_000 }

/** Another's booking that is on now. */
const BOOKED = {
  code: "booked",
  booking: "vision",
  startMs: 0,
  endMs: 90_000,
  timeZone: "Europe/Berlin",
  maintenance: false,
  hasLimit: false,
} as const

const ROOTS = ["a", "b"].map((digit) => digit.repeat(64) as BlobHash)

/** Plain objects, as the server makes them. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record<T>(model, { noNullPrototype: true })

/** The first value half of the time, else any of the others. */
const mostly = <T>(usual: T, ...rare: T[]) =>
  fc.oneof({ weight: rare.length, arbitrary: fc.constant(usual) }, ...rare.map((value) => fc.constant(value)))

const total: fc.Arbitrary<Resources> = record({
  memoryBytes: fc.constantFrom(4, 7, 8).map((n) => n * GB),
  gpus: fc.constantFrom(0, 1, 1, 2),
  cores: fc.constantFrom(3, 4, 6),
})

const host = (index: number): fc.Arbitrary<SchedulableHost> =>
  record({
    id: fc.constant(`h${index}` as HostId),
    name: fc.constant(`mac${index}`),
    link: mostly("ready" as const, "asleep" as const, "down" as const, "connecting" as const, "refused" as const),
    reason: fc.constantFrom(null, "Connection refused"),
    draining: mostly(false, true),
    withheld: mostly<string | null>(null, "process 7, which job 3 left there, holds 12 GB"),
    ownerObstacles: mostly<readonly HostObstacle[]>([], [HERE], [PAUSED, HERE]),
    users: mostly<ReadonlySet<string> | null>(null, new Set(["ada"])),
    total,
    gpuMemoryBytes: mostly(64 * GB, 3 * GB, 5 * GB),
    memoryNowBytes: mostly(64 * GB, 0, 3 * GB, 5 * GB),
    partitions: mostly(["apple_gpu"], ["apple_gpu", "night"], ["night"]),
    data: fc.subarray(ROOTS).map((roots) => new Set(roots)),
    places: fc.subarray(["corpus", "films"]).map((names) => new Set(names)),
    network: record({
      mbps: mostly<number | null>(940, null, 230, 9_400),
      trees: fc.subarray(ROOTS).map((roots) => new Set(roots)),
      wakes: mostly(false, true),
      wokenAtMs: mostly<number | null>(null, 900),
    }),
  })

const who = record({
  user: fc.constantFrom("ada", "ada", "ben"),
  hasSecrets: mostly(false, true),
})

const request = record({
  memoryBytes: mostly(1, 2, 3, 4, 5, 9).map((n) => n * GB),
  gpus: mostly<number | null>(0, null, 1, 2),
  cores: mostly(1, 2, 4),
})

const data = mostly<readonly WantedData[]>(
  [],
  [{ name: "mnist", root: ROOTS[0]!, bytes: 5 * GB }],
  [
    { name: "mnist", root: ROOTS[0]!, bytes: 5 * GB },
    { name: "words", root: ROOTS[1]!, bytes: GB },
  ],
  [{ name: "corpus", root: null, bytes: 0 }],
)

/** Jobs numbered from 100; with `dueOnly`, none of them has to wait for a time. */
function jobs(hostCount: number, maxLength: number, dueOnly: boolean): fc.Arbitrary<WaitingJob[]> {
  const job = record({
    id: fc.constant(0 as JobId),
    who,
    resources: request,
    partition: mostly("apple_gpu", "night"),
    hostWanted: fc.option(
      fc.nat(hostCount).map((n) => `mac${n}`),
      { freq: 6 },
    ),
    data,
    workspace: mostly<(WaitingJob["workspace"] & object) | null>(
      null,
      { root: ROOTS[0]!, bytes: GB },
      { root: ROOTS[1]!, bytes: 60_000_000 },
    ),
    crashes: mostly<NonNullable<WaitingJob["crashes"]>>(
      [],
      [{ host: "h0" as HostId, times: 1 }],
      [{ host: "h1" as HostId, times: 2 }],
    ),
    kept: mostly<NonNullable<WaitingJob["kept"]>>(
      [],
      [{ host: "h0" as HostId, code: "booking_over", booking: "vision" }],
      [{ host: "h1" as HostId, ...BOOKED }],
      [{ host: "h1" as HostId, ...BOOKED, startMs: 9_000 }],
    ),
    notBeforeMs: dueOnly ? fc.constant(null) : fc.constantFrom(null, null, null, 500, 2_000),
  })
  return fc
    .array(job, { minLength: Math.min(4, maxLength), maxLength, size: "max" })
    .map((list) =>
      list.map(({ who: { user, hasSecrets }, ...rest }, index) => toJob({ ...rest, user, hasSecrets }, index)),
    )
}

function toJob(job: WaitingJob, index: number): WaitingJob {
  return { ...job, id: (100 + index) as JobId }
}

/** Leases that are true together: they fit, and secrets are apart. */
function leases(hosts: readonly SchedulableHost[]): fc.Arbitrary<Lease[]> {
  const draft = record({ host: fc.nat(hosts.length), request, who, expectedEndMs: fc.constantFrom(null, 5_000) })
  return fc.array(draft, { minLength: 4, maxLength: 10, size: "max" }).map((drafts) => {
    const taken: Lease[] = []
    for (const { host: index, request: asked, who: by, expectedEndMs } of drafts) {
      const at = hosts[index]
      if (at === undefined) continue
      const lease: Lease = {
        job: (taken.length + 1) as JobId,
        host: at.id,
        resources: needOn(asked, at.total),
        ...by,
        expectedEndMs,
      }
      if (isPossible([...taken, lease], at)) taken.push(lease)
    }
    return taken
  })
}

/** Whether what is leased on a host is within its size, and no job with secrets is beside another user's. */
export function isPossible(all: readonly Lease[], on: SchedulableHost): boolean {
  const here = all.filter((lease) => lease.host === on.id)
  const sum = here.reduce((used, lease) => addResources(used, lease.resources), NO_RESOURCES)
  return fits(sum, on.total) && !here.some((a) => here.some((b) => mustStayApart(a, b)))
}

export function scenes(options: { maxJobs: number; dueOnly?: boolean }): fc.Arbitrary<Scene> {
  return fc
    .constantFrom(0, 1, 1, 2, 2, 3, 4)
    .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => host(index))))
    .chain((hosts) =>
      record({
        hosts: fc.constant(hosts),
        waiting: jobs(hosts.length, options.maxJobs, options.dueOnly ?? false),
        leases: leases(hosts),
      }),
    )
}
