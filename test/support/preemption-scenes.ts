import fc from "fast-check"
import type { HostId, JobId } from "../../src/protocol/ids.ts"
import type { Resources } from "../../src/protocol/resources.ts"
import type { Policy } from "../../src/scheduler/policy/policy.ts"
import type { QueueHost, QueueScene, RunningAttempt } from "../../src/scheduler/queue/queue-scene.ts"
import { MINUTE_MS, QUEUE_NOW_MS, queueScenes } from "./queue-scenes.ts"

/** What runs, at most; each where it fits. */
const MOST_RUNNING = 6

const anyAttempt = fc.record({
  host: fc.nat(3),
  second: fc.option(fc.nat(3), { freq: 8 }),
  user: fc.constantFrom("ann", "bob", "cyd"),
  qos: fc.constantFrom("normal", "normal", "normal", "urgent", "gentle"),
  memoryBytes: fc.integer({ min: 1, max: 4 }),
  gpus: fc.nat(1),
  cores: fc.integer({ min: 1, max: 3 }),
  ranMs: fc.integer({ min: 1, max: 1_800 }).map((seconds) => seconds * 1_000),
  leftMs: fc.option(
    fc.integer({ min: 1, max: 7_200 }).map((seconds) => seconds * 1_000),
    { freq: 9 },
  ),
  alone: fc.constantFrom(false, false, false, false, true),
  once: fc.constantFrom(false, false, false, true),
  hasSecrets: fc.constantFrom(false, false, false, false, true),
})
type AnyAttempt = typeof anyAttempt extends fc.Arbitrary<infer T> ? T : never

const anyPolicy = fc.record({
  by: fc.constantFrom("tier", "qos", "qos"),
  mode: fc.constantFrom("suspend", "suspend", "requeue", "cancel"),
  gentleMode: fc.constantFrom("suspend", "requeue", "cancel"),
  graceMs: fc.constantFrom(0, 30_000, 90_000, 200_000),
  gentleGraceMs: fc.constantFrom(null, 0, 45_000, 400_000),
  minimumRunMs: fc.constantFrom(0, 0, 600_000),
  youngestFirst: fc.boolean(),
  ownersFirst: fc.boolean(),
  tier: fc.integer({ min: 1, max: 2 }),
})

/** Small pools with several jobs on a host, of which policy lets some make room for others, one way or another. */
export function preemptionScenes(): fc.Arbitrary<QueueScene> {
  return fc
    .record({
      scene: queueScenes(),
      policy: anyPolicy,
      attempts: fc.array(anyAttempt, { maxLength: MOST_RUNNING }),
      sizes: fc.array(
        fc.record({ memoryBytes: fc.integer({ min: 4, max: 12 }), cores: fc.integer({ min: 2, max: 6 }) }),
        {
          minLength: 4,
          maxLength: 4,
        },
      ),
      isOpen: fc.constantFrom(true, true, false),
    })
    .map(({ scene, policy, attempts, sizes, isOpen }) => {
      const hosts = scene.hosts.map((host, at) => ({
        ...host,
        total: { ...host.total, ...sizes[at]! },
        memoryNowBytes: sizes[at]!.memoryBytes,
        ...(isOpen ? { ownerObstacles: [], expected: [] } : {}),
      }))
      return { ...scene, hosts, policy: policyWith(scene.policy, policy), running: fitting(hosts, attempts) }
    })
}

function policyWith(
  plain: Policy,
  {
    gentleMode,
    gentleGraceMs,
    ownersFirst,
    tier,
    ...preemption
  }: typeof anyPolicy extends fc.Arbitrary<infer T> ? T : never,
): Policy {
  const [normal, urgent] = [plain.qos[0]!, plain.qos[1]!]
  const gentle = { ...normal, name: "gentle", rank: -1, preemptMode: gentleMode, graceMs: gentleGraceMs } as const
  return {
    ...plain,
    partitions: plain.partitions.map((one) => (one.name === "hi" ? { ...one, tier: tier + 1 } : one)),
    qos: [normal, { ...urgent, preempts: ["normal", "gentle"] }, gentle],
    preemption,
    owners: { ...plain.owners, first: ownersFirst },
  }
}

function fitting(hosts: readonly QueueHost[], attempts: readonly AnyAttempt[]): RunningAttempt[] {
  const left = hosts.map(({ total }) => ({ ...total }))
  const isTaken = hosts.map(() => false)
  return attempts.flatMap(({ host, second, ...one }, at): RunningAttempt[] => {
    const places = [...new Set([host, second ?? host].map((place) => place % hosts.length))]
    const isAlone = one.alone || one.hasSecrets
    const fits = places.every(
      (place) => !isTaken[place] && (isAlone ? isIdle(left[place]!, hosts[place]!.total) : hasRoom(left[place]!, one)),
    )
    if (!fits) return []
    for (const place of places) {
      isTaken[place] = isAlone
      left[place] = minus(left[place]!, one)
    }
    const ids = places.map((place) => hosts[place]!.id)
    return [attemptOf(one, at, ids)]
  })
}

function isIdle(left: Resources, total: Resources): boolean {
  return left.memoryBytes === total.memoryBytes && left.cores === total.cores && left.gpus === total.gpus
}

function hasRoom(left: Resources, { memoryBytes, gpus, cores }: Resources): boolean {
  return memoryBytes <= left.memoryBytes && gpus <= left.gpus && cores <= left.cores
}

function minus(left: Resources, { memoryBytes, gpus, cores }: Resources): Resources {
  return { memoryBytes: left.memoryBytes - memoryBytes, gpus: left.gpus - gpus, cores: left.cores - cores }
}

function attemptOf(
  { user, qos, memoryBytes, gpus, cores, ranMs, leftMs, alone, once, hasSecrets }: Omit<AnyAttempt, "host" | "second">,
  at: number,
  hosts: readonly HostId[],
): RunningAttempt {
  return {
    job: (100 + at) as JobId,
    task: null,
    name: "running",
    user,
    account: "default",
    partition: "apple_gpu",
    qos,
    hosts,
    resources: { memoryBytes, gpus, cores },
    alone,
    pieces: {},
    hasSecrets,
    submittedMs: QUEUE_NOW_MS - ranMs - MINUTE_MS,
    startedMs: QUEUE_NOW_MS - ranMs,
    limitMs: leftMs === null ? null : ranMs + leftMs,
    leavesMs: null,
    once,
  }
}

/** The same with more jobs than those, most of which may preempt others: several do at once, also for tasks of one array. No owner is there or expected. */
export function manyPreempt(): fc.Arbitrary<QueueScene> {
  return fc
    .record({
      scenes: fc.array(preemptionScenes(), { minLength: 4, maxLength: 4 }),
      mayPreempt: fc.array(fc.constantFrom(true, true, true, false), { minLength: 10, maxLength: 10 }),
      isBooked: fc.constantFrom(true, true, false),
    })
    .map(({ scenes, mayPreempt, isBooked }) => {
      const [most] = scenes.toSorted((a, b) => b.running.length - a.running.length)
      const jobs = scenes.flatMap(({ waiting }) => waiting).slice(0, mayPreempt.length)
      const waiting = jobs.map((job, at) => ({
        ...job,
        id: (at + 1) as JobId,
        hosts: Math.min(job.hosts, most!.hosts.length),
        hold: null,
        ...(mayPreempt[at] ? { qos: "urgent", partitions: ["hi"] } : {}),
      }))
      const hosts = most!.hosts.map((host) => ({ ...host, ownerObstacles: [], expected: [] }))
      const policy = { ...most!.policy, limits: {} }
      return { ...most!, policy, hosts, waiting, bookings: isBooked ? most!.bookings : [] }
    })
}
