import fc from "fast-check"
import type { HostId, JobId } from "../../src/protocol/ids.ts"
import { DEFAULT_POLICY, PLAIN_PARTITION, PLAIN_QOS } from "../../src/scheduler/policy/default-policy.ts"
import type { Policy } from "../../src/scheduler/policy/policy.ts"
import type { QueueHost, QueueJob, QueueScene, RunningAttempt } from "../../src/scheduler/queue/queue-scene.ts"
import { readArrayTasks } from "../../src/scheduler/request/array-tasks.ts"

export const MINUTE_MS = 60_000
/** Some seconds past a full minute. */
export const QUEUE_NOW_MS = 1_000_000 * MINUTE_MS + 17_000

const USERS = ["ann", "bob", "cyd"] as const
const minutes = (most: number) => fc.integer({ min: 1, max: most }).map((count) => count * MINUTE_MS)

const policy: fc.Arbitrary<Policy> = fc
  .record({
    by: fc.constantFrom("off", "off", "tier", "qos"),
    mode: fc.constantFrom("suspend", "requeue", "cancel"),
    graceMs: fc.constantFrom(0, 0, 90_000),
    minimumRunMs: fc.constantFrom(0, 600_000),
    depth: fc.constantFrom(1, 3, 500),
    enabled: fc.constantFrom(true, true, true, false),
    runningJobs: fc.option(fc.integer({ min: 1, max: 3 })),
    ownersFirst: fc.boolean(),
  })
  .map(({ by, mode, graceMs, minimumRunMs, depth, enabled, runningJobs, ownersFirst }) => ({
    ...DEFAULT_POLICY,
    partitions: [PLAIN_PARTITION, { ...PLAIN_PARTITION, name: "hi", tier: 2 }],
    qos: [PLAIN_QOS, { ...PLAIN_QOS, name: "urgent", rank: 1, preempts: ["normal"] }],
    limits: runningJobs === null ? {} : { user: { runningJobs } },
    backfill: { ...DEFAULT_POLICY.backfill, windowMs: 180 * MINUTE_MS, depth, enabled },
    preemption: { by, mode, graceMs, minimumRunMs, youngestFirst: false },
    owners: { ...DEFAULT_POLICY.owners, first: ownersFirst },
  }))

function host(id: string): fc.Arbitrary<QueueHost> {
  return fc
    .record({
      memoryBytes: fc.integer({ min: 3, max: 8 }),
      gpus: fc.nat(1),
      cores: fc.integer({ min: 2, max: 4 }),
      weight: fc.integer({ min: 1, max: 2 }),
      owner: fc.option(fc.constantFrom(...USERS), { freq: 2 }),
      obstacle: fc.option(fc.option(minutes(60), { freq: 2 }), { freq: 2 }),
      busyBytes: fc.constantFrom(0, 0, 0, 1),
      prefers: fc.constantFrom([], [], [{ users: ["ann"], accounts: [] }], [{ users: ["bob"], accounts: ["default"] }]),
      // Nobody, or somebody now or later.
      expected: fc.option(fc.tuple(fc.integer({ min: -30, max: 90 }), minutes(90)), { freq: 2 }),
    })
    .map(({ memoryBytes, gpus, cores, weight, owner, obstacle, busyBytes, expected, prefers }) => ({
      id: id as HostId,
      name: id,
      link: "ready",
      reason: null,
      draining: false,
      withheld: null,
      ownerObstacles:
        obstacle === null
          ? []
          : [{ code: "owner_here", text: "Ann sits there", until: obstacle === null ? null : QUEUE_NOW_MS + obstacle }],
      users: null,
      total: { memoryBytes, gpus, cores },
      memoryNowBytes: memoryBytes - busyBytes,
      partitions: ["apple_gpu", "hi"],
      data: new Set(),
      places: new Set(),
      owner,
      weight,
      expected: expected === null ? [] : [expectedTime(...expected)],
      prefers,
    }))
}

/** @param inMinutes when it begins, from now */
function expectedTime(inMinutes: number, lastsMs: number) {
  const startMs = QUEUE_NOW_MS + inMinutes * MINUTE_MS
  return { startMs, endMs: startMs + lastsMs }
}

function attempt(id: string, at: number): fc.Arbitrary<RunningAttempt> {
  return fc
    .record({
      user: fc.constantFrom(...USERS),
      limitMs: fc.option(minutes(120), { freq: 4 }),
      ranMs: minutes(30),
      once: fc.constantFrom(false, false, true),
      leaving: fc.option(fc.record({ inMs: fc.constantFrom(-1_000, 10_000, 150_000), for: fc.nat(8) }), { freq: 2 }),
    })
    .map(({ user, limitMs, ranMs, once, leaving }) => ({
      job: (100 + at) as JobId,
      task: null,
      name: "running",
      user,
      account: "default",
      partition: "apple_gpu",
      qos: "normal",
      hosts: [id as HostId],
      resources: { memoryBytes: 2, gpus: 0, cores: 1 },
      alone: false,
      pieces: {},
      hasSecrets: false,
      submittedMs: 0,
      startedMs: QUEUE_NOW_MS - ranMs,
      limitMs: limitMs === null ? null : ranMs + limitMs,
      leavesMs: leaving && QUEUE_NOW_MS + leaving.inMs,
      // Also for nobody, or for who is not there any more.
      ...(leaving === null || leaving.for === 0 ? {} : { leavesFor: leaving.for as JobId }),
      once,
    }))
}

function job(hosts: number): fc.Arbitrary<Omit<QueueJob, "id">> {
  return fc
    .record({
      user: fc.constantFrom(...USERS),
      partition: fc.constantFrom("apple_gpu", "apple_gpu", "hi"),
      qos: fc.constantFrom("normal", "normal", "urgent"),
      memoryBytes: fc.integer({ min: 1, max: 6 }),
      gpus: fc.constantFrom(0, 0, null, 1),
      cores: fc.integer({ min: 1, max: 3 }),
      alone: fc.constantFrom(false, false, false, true),
      hosts: fc.constantFrom(1, 1, 1, Math.min(2, hosts)),
      limitMs: fc.option(minutes(60), { freq: 9 }),
      priority: fc.integer({ min: 1, max: 5 }),
      held: fc.constantFrom(false, false, false, false, true),
      tasks: fc.constantFrom(null, null, null, "1-3", "1-4%2"),
    })
    .map(({ user, partition, qos, memoryBytes, gpus, cores, alone, hosts: count, limitMs, priority, held, tasks }) => ({
      name: "waiting",
      user,
      account: "default",
      partitions: [partition],
      qos,
      resources: { memoryBytes, gpus, cores },
      alone,
      hosts: count,
      pieces: {},
      limitMs,
      hasSecrets: false,
      data: [],
      hostsWanted: null,
      submittedMs: 0,
      accruesSinceMs: 0,
      beginMs: null,
      deadlineMs: null,
      hold: held ? "user" : null,
      priority,
      nice: 0,
      site: 0,
      dependency: null,
      booking: null,
      expedited: false,
      interactive: false,
      array: tasks === null ? null : { tasks: readArrayTasks(tasks), running: 0 },
    }))
}

const PARTITIONS = [["apple_gpu"], ["hi"], ["apple_gpu", "hi"], ["hi", "apple_gpu"]] as const

/** Hosts are in one partition or in both, and so are jobs and arrays. */
function inPartitions(scenes: fc.Arbitrary<QueueScene>, hosts = 4, jobs = 8): fc.Arbitrary<QueueScene> {
  return fc
    .record({
      scene: scenes,
      ofHosts: fc.array(fc.nat(2), { minLength: hosts, maxLength: hosts }),
      ofJobs: fc.array(fc.constantFrom(0, 1, 2, 2, 3), { minLength: jobs, maxLength: jobs }),
      tier: fc.integer({ min: 1, max: 2 }),
      // Limits that are not the same in both, and some that do not let all in.
      defaultTimeMs: fc.option(minutes(60), { freq: 2 }),
      users: fc.option(fc.constant(["ann", "bob"]), { freq: 2 }),
    })
    .map(({ scene, ofHosts, ofJobs, tier, defaultTimeMs, users }) => ({
      ...scene,
      policy: {
        ...scene.policy,
        partitions: scene.policy.partitions.map((one) =>
          one.name === "hi" ? { ...one, tier, defaultTimeMs, users } : one,
        ),
      },
      hosts: scene.hosts.map((one, at) => ({ ...one, partitions: PARTITIONS[ofHosts[at]!]! })),
      waiting: scene.waiting.map((one, at) => ({ ...one, partitions: PARTITIONS[ofJobs[at]!]! })),
    }))
}

/** Small pools whose jobs get in each other's way; in half of them with jobs and arrays in several partitions. */
export function anyQueueScenes(): fc.Arbitrary<QueueScene> {
  return fc.oneof(queueScenes(), inPartitions(queueScenes()))
}

/** More jobs than that for the hosts of one such pool, none of them held, and most hosts, jobs and arrays in several partitions. */
export function crowdedPartitions(): fc.Arbitrary<QueueScene> {
  const crowded = fc.array(queueScenes(), { minLength: 3, maxLength: 3 }).map((scenes) => {
    const [most] = scenes.toSorted((a, b) => b.hosts.length - a.hosts.length)
    const jobs = scenes.flatMap(({ waiting }) => waiting).slice(0, 8)
    const waiting = jobs.map((one, at) => ({
      ...one,
      id: (at + 1) as JobId,
      hosts: Math.min(one.hosts, most!.hosts.length),
      hold: null,
    }))
    return { ...most!, waiting }
  })
  return inPartitions(crowded)
}

/** The hosts and jobs of several such pools in one, most of both, and of arrays, in several partitions; nothing is held or booked. */
export function largerPartitions(): fc.Arbitrary<QueueScene> {
  const larger = fc.array(queueScenes(), { minLength: 5, maxLength: 5 }).map((scenes) => {
    const named = scenes.map((scene, of) => ({ ...scene, hosts: scene.hosts.map((one) => renamed(one, of)) }))
    const hosts = named.flatMap((scene) => scene.hosts).slice(0, 8)
    const ids = new Set(hosts.map(({ id }) => id))
    const running = named
      .flatMap((scene, of) => scene.running.map((one) => ({ ...one, hosts: one.hosts.map((id) => hostOf(id, of)) })))
      .filter((one) => one.hosts.every((id) => ids.has(id)))
      .map((one, at) => ({ ...one, job: (100 + at) as JobId }))
    const jobs = scenes.flatMap(({ waiting }) => waiting).slice(0, 18)
    const waiting = jobs.map((one, at) => ({
      ...one,
      id: (at + 1) as JobId,
      hosts: Math.min(one.hosts, 2),
      hold: null,
    }))
    return { ...scenes[0]!, hosts, running, waiting, bookings: [] }
  })
  return inPartitions(larger, 8, 18)
}

function renamed(host: QueueScene["hosts"][number], of: number): QueueScene["hosts"][number] {
  const id = hostOf(host.id, of)
  return { ...host, id, name: id }
}

function hostOf(id: HostId, of: number): HostId {
  return `${id}-${of}` as HostId
}

/** Small pools whose jobs get in each other's way, with owners, limits and preemption; each in one partition that has all hosts. */
export function queueScenes(): fc.Arbitrary<QueueScene> {
  return fc.integer({ min: 1, max: 4 }).chain((count) => {
    const ids = Array.from({ length: count }, (_, at) => `mac${at + 1}`)
    return fc
      .record({
        policy,
        hosts: fc.tuple(...ids.map(host)),
        running: fc.subarray(ids).chain((busy) => fc.tuple(...busy.map(attempt))),
        waiting: fc
          .array(job(count), { maxLength: 8 })
          .map((jobs) => jobs.map((one, at) => ({ ...one, id: (at + 1) as JobId }))),
        booked: fc.option(fc.tuple(fc.constantFrom(...ids), minutes(90), minutes(30)), { freq: 2 }),
      })
      .map(({ policy: rules, hosts, running, waiting, booked }) => ({
        policy: rules,
        hosts,
        pieces: {},
        fairShares: new Map(),
        used: new Map(),
        waiting,
        running,
        bookings:
          booked === null
            ? []
            : [
                {
                  name: "course",
                  hosts: new Set([booked[0] as HostId]),
                  startMs: QUEUE_NOW_MS + booked[1],
                  endMs: QUEUE_NOW_MS + booked[1] + booked[2],
                  users: ["ann"],
                  accounts: [],
                },
              ],
        ended: [],
      }))
  })
}
