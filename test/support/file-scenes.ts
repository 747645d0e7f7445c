import fc from "fast-check"
import type { BlobHash, HostId, JobId } from "../../src/protocol/ids.ts"
import { NETWORK_KINDS } from "../../src/protocol/network.ts"
import { PLAIN_ACCOUNT } from "../../src/scheduler/policy/default-policy.ts"
import type { QueueHost, QueueJob, QueueScene, RunningAttempt } from "../../src/scheduler/queue/queue-scene.ts"
import { jobsNamedIn } from "../../src/scheduler/request/after-words.ts"
import { readDependency } from "../../src/scheduler/request/dependency.ts"
import { MINUTE_MS, QUEUE_NOW_MS, queueScenes } from "./queue-scenes.ts"

const TREES = ["a1", "b2", "c3"] as BlobHash[]
const USERS = ["ann", "bob", "cyd"]
const GB = 1e9

const member = { shares: 1, limits: {}, qos: null, defaultQos: null, rank: 0, isDefault: false } as const

const job = fc.record({
  account: fc.constantFrom("default", "lab"),
  hasSecrets: fc.constantFrom(false, false, false, true),
  booking: fc.constantFrom(null, null, null, "course", "retreat"),
  pieces: fc.constantFrom({}, {}, { matlab: 1 }),
  nice: fc.integer({ min: -5, max: 5 }),
  priority: fc.constantFrom(null, null, 0, 7),
  reached: fc.constantFrom(undefined, 3, 4_000_000.5),
  site: fc.constantFrom(0, 0, 3),
  expedited: fc.constantFrom(false, false, true),
  interactive: fc.constantFrom(false, false, true),
  data: fc.subarray(
    [
      { name: "imagenet", root: null, bytes: 0 },
      { name: "corpus", root: TREES[0]!, bytes: 40 * GB },
      { name: "corpus", root: TREES[1]!, bytes: 300 * GB },
    ],
    { maxLength: 2 },
  ),
  workspace: fc.constantFrom(undefined, null, { root: TREES[2]!, bytes: 90 * GB }),
  beginInMs: fc.constantFrom(null, null, 1_500, -1),
  deadlineInMs: fc.constantFrom(null, null, null, 90 * MINUTE_MS + 1),
  after: fc.constantFrom(null, null, null, "afterok:1", "afterany:90:91", "after:101+2", "afterok:92_4", "singleton"),
  accruesInMs: fc.constantFrom(undefined, null, -3_601_234),
  crashedAt: fc.constantFrom(null, null, "mac1", "mac9"),
  wanted: fc.constantFrom(null, null, null, ["mac1"], ["mac9"], ["mac2", "mac1"]),
  oddMs: fc.constantFrom(0, 0, 1, 777),
  alone: fc.constantFrom(null, null, 70, 71),
})

const host = fc.record({
  isLinked: fc.boolean(),
  kind: fc.constantFrom(...NETWORK_KINDS),
  linkMbps: fc.option(fc.double({ min: 1, max: 40_000, noNaN: true })),
  peers: fc.constantFrom([], ["Mac15,14"], ["Mac15,14", "Mac15,14", "Mac16,9"]),
  model: fc.constantFrom(null, "Mac15,14", "Mac16,9"),
  mbpsTo: fc.dictionary(fc.constantFrom("mac1", "mac2", "mac3"), fc.double({ min: 0, max: 1e5, noNaN: true })),
  data: fc.subarray(TREES),
  network: fc.option(
    fc.record({
      mbps: fc.option(fc.double({ min: 1, max: 1e4, noNaN: true })),
      trees: fc.subarray(TREES).map((trees) => new Set(trees)),
      wakes: fc.boolean(),
      wokenAtMs: fc.option(fc.nat(400_000).map((agoMs) => QUEUE_NOW_MS - agoMs)),
    }),
  ),
  keeps: fc.option(fc.constant({ bytes: 4, ofBytes: 9, elseBytes: 9 })),
  link: fc.constantFrom("ready", "ready", "ready", "asleep", "down"),
  reason: fc.constantFrom(null, "no route"),
  draining: fc.constantFrom(false, false, false, true),
  withheld: fc.constantFrom(null, null, null, "a disk is full"),
  gpuMemoryBytes: fc.constantFrom(undefined, 2, 3),
  whoMay: fc.constantFrom(null, null, null, ["ann", "bob"]),
  places: fc.constantFrom([], ["imagenet"]),
})

const attempt = fc.record({
  leavesInMs: fc.option(fc.nat(200_000)),
  stoppedFor: fc.constantFrom(undefined, null, 1 as JobId),
  hasSecrets: fc.constantFrom(false, false, true),
  alone: fc.constantFrom(false, false, true),
  pieces: fc.constantFrom({}, { matlab: 1 }),
  isEndless: fc.constantFrom(false, false, true),
  of: fc.constantFrom(null, null, 4),
})

const some = fc.record({
  jobs: fc.array(job, { minLength: 8, maxLength: 8 }),
  hosts: fc.array(host, { minLength: 4, maxLength: 4 }),
  attempts: fc.array(attempt, { minLength: 4, maxLength: 4 }),
  shares: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
  used: fc.double({ min: 0, max: 40, noNaN: true }),
  neverFalls: fc.boolean(),
  hasDefaultTime: fc.boolean(),
  prefers: fc.constantFrom("hosts", "policy", "nobody"),
  isGang: fc.boolean(),
  knowsLinks: fc.boolean(),
  /** Hosts are alike but for what lies there and how they are linked, and idle: then it is that which decides. */
  isAlike: fc.constantFrom(false, false, true),
})
type Some = typeof some extends fc.Arbitrary<infer T> ? T : never

/** All that a scene of the server may have, and more. */
export const fileScenes: fc.Arbitrary<QueueScene> = fc.tuple(queueScenes(), some).map(([scene, more]) => ({
  ...scene,
  policy: policyWith(scene, more),
  hosts: scene.hosts.map((one, at) => hostWith(one, more.hosts[at]!, more)),
  pieces: { matlab: 1 },
  fairShares: new Map(USERS.map((user, at) => [`lab/${user}`, more.shares[at]!])),
  used: new Map([
    ["account lab", { minutes: { cpu: more.used, billing: 3 }, wallMinutes: more.used * 2.1 }],
    ["root", { minutes: { gpu: more.used / 3 }, wallMinutes: more.used }],
  ]),
  waiting: scene.waiting.map((one, at) => jobWith(one, more.jobs[at]!, more.isAlike)),
  running: runningWith(scene, more),
  bookings: [
    ...(more.isAlike ? [] : scene.bookings),
    // All of whose hosts have left the pool.
    {
      name: "retreat",
      hosts: new Set(["mac9" as HostId]),
      startMs: QUEUE_NOW_MS + 1_003,
      endMs: QUEUE_NOW_MS + MINUTE_MS,
      users: [],
      accounts: ["lab"],
    },
  ],
  ended: [
    { job: 90 as JobId, task: null, startedMs: QUEUE_NOW_MS - 5_003, outcome: "succeeded" },
    { job: 92 as JobId, task: 4, startedMs: null, outcome: null },
  ],
}))

function policyWith(
  { policy }: QueueScene,
  { neverFalls, hasDefaultTime, prefers, isAlike }: Some,
): QueueScene["policy"] {
  const { priority, partitions } = policy
  const match = { name: "mac1", chip: null, labels: {} }
  return {
    ...policy,
    accounts: [
      PLAIN_ACCOUNT,
      {
        ...PLAIN_ACCOUNT,
        name: "lab",
        members: USERS.map((user) => ({ user, ...member, isDefault: true })),
        limits: { group: { wallMinutes: 90, minutes: { cpu: 60 } } },
      },
    ],
    partitions: hasDefaultTime ? partitions.map((one) => ({ ...one, defaultTimeMs: 20 * MINUTE_MS })) : partitions,
    priority: { ...priority, neverFalls, weights: { ...priority.weights, fairShare: 1000, age: 100 } },
    preferences: prefers === "policy" && !isAlike ? [{ match, users: ["cyd"], accounts: ["lab"] }] : [],
  }
}

function hostWith(one: QueueHost, more: Some["hosts"][number], { prefers, knowsLinks, isAlike }: Some): QueueHost {
  const { isLinked, kind, linkMbps, peers, model, mbpsTo, keeps, network, gpuMemoryBytes, whoMay, ...rest } = more
  const { places, data, ...state } = rest
  const measured = new Map(Object.entries(mbpsTo).map(([to, mbps]) => [to as HostId, mbps]))
  const lies = {
    data: new Set(data),
    ...(network === null ? {} : { network: { ...network } }),
    ...(isLinked && knowsLinks ? { linked: { kind, mbps: linkMbps, peers, model, mbpsTo: measured } } : {}),
  }
  if (isAlike) {
    const total = { memoryBytes: 9, gpus: 1, cores: 4 }
    return {
      ...one,
      total,
      memoryNowBytes: 9,
      owner: null,
      weight: 1,
      expected: [],
      ownerObstacles: [],
      prefers: [],
      ...lies,
    }
  }
  const byPolicy = one.name === "mac1" && prefers === "policy" ? [{ users: ["cyd"], accounts: ["lab"] }] : []
  return {
    ...one,
    ...state,
    ...lies,
    prefers: prefers === "hosts" ? (one.prefers ?? []) : byPolicy,
    users: whoMay === null ? null : new Set(whoMay),
    places: new Set(places),
    ...(keeps === null ? {} : { keeps }),
    ...(gpuMemoryBytes === undefined ? {} : { gpuMemoryBytes }),
  }
}

function jobWith(one: QueueJob, more: Some["jobs"][number], isAlike: boolean): QueueJob {
  const { beginInMs, deadlineInMs, after, crashedAt, wanted, oddMs, alone, reached, workspace, accruesInMs, ...rest } =
    more
  const inMs = (ms: number | null) => (ms === null ? null : QUEUE_NOW_MS + ms)
  const of = alone === null ? {} : { of: alone as JobId }
  const named = {
    ...one,
    ...rest,
    ...(reached === undefined ? {} : { reached }),
    ...(workspace === undefined ? {} : { workspace }),
    name: "weave",
    limitMs: one.limitMs === null ? null : one.limitMs + oddMs,
    array: one.array === null ? null : { ...one.array, ...of, running: alone === null ? 0 : 1 },
  }
  if (isAlike) {
    const data = rest.data.filter(({ root }) => root !== null)
    return { ...named, hold: null, priority: null, booking: null, hasSecrets: false, alone: false, pieces: {}, data }
  }
  return {
    ...named,
    accruesSinceMs: accruesInMs === undefined ? one.accruesSinceMs : inMs(accruesInMs),
    beginMs: inMs(beginInMs),
    deadlineMs: inMs(deadlineInMs),
    dependency: dependencyOf(one, after),
    crashes: crashedAt === null ? [] : [{ host: crashedAt as HostId, times: 2 }],
    hostsWanted: wanted,
  }
}

/** None on itself. */
function dependencyOf({ id }: QueueJob, after: string | null): QueueJob["dependency"] {
  const dependency = after === null ? null : readDependency(after)
  return dependency !== null && jobsNamedIn(dependency).includes(id) ? null : dependency
}

/** What runs, where `isGang` some of it on several hosts, of which one holds less. */
function runningWith({ running }: QueueScene, { attempts, isGang, isAlike }: Some): RunningAttempt[] {
  if (isAlike) return []
  const all = running.map((one, at): RunningAttempt => {
    const { leavesInMs, stoppedFor, isEndless, of, ...rest } = attempts[at]!
    return {
      ...one,
      ...rest,
      ...(stoppedFor === undefined ? {} : { stoppedFor }),
      ...(of === null ? {} : { job: 99 as JobId, task: of + at }),
      name: "loom",
      limitMs: isEndless ? null : one.limitMs,
      leavesFor: leavesInMs === null ? null : (1 as JobId),
      leavesMs: at === 0 && leavesInMs !== null ? QUEUE_NOW_MS + leavesInMs : null,
    }
  })
  const [first, second, third, ...others] = all
  if (!isGang || first === undefined || second === undefined) return all
  const hosts = [...first.hosts, ...second.hosts]
  if (third === undefined) return [{ ...first, hosts }]
  const whole = { ...first, nodes: hosts.length + third.hosts.length }
  const less = { ...whole, hosts: third.hosts, resources: { ...first.resources, memoryBytes: 1 } }
  return [{ ...whole, hosts }, less, ...others]
}
