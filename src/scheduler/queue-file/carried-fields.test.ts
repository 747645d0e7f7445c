import assert from "node:assert/strict"
import { test } from "node:test"
import type { BlobHash, HostId, JobId } from "../../protocol/ids.ts"
import { DEFAULT_POLICY } from "../policy/default-policy.ts"
import type { EndedJob, HostBooking, QueueHost, QueueJob, QueueScene, RunningAttempt } from "../queue/queue-scene.ts"
import { readArrayTasks } from "../request/array-tasks.ts"
import { readDependency } from "../request/dependency.ts"
import { describeScene } from "./describe-scene.ts"
import { maskScene } from "./mask-scene.ts"
import { readScene } from "./read-scene.ts"
import { writeScene } from "./write-scene.ts"

/** Every field, also those that may be absent, down to the last: a new one does not compile here until it has a value, which must then come back. */
type Whole<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends ReadonlySet<unknown> | ReadonlyMap<unknown, unknown>
    ? T
    : T extends readonly (infer One)[]
      ? readonly Whole<One>[]
      : T extends object
        ? { readonly [K in keyof T]-?: Whole<Exclude<T[K], undefined>> }
        : T

const NOW_MS = Date.parse("2026-11-24T06:00:17.003Z")
const tree = (text: string) => text as BlobHash
const mac = (name: string) => name as HostId
const lent = { users: ["ann"], accounts: ["vision"] }

/** No value here is what is taken where a file says nothing. */
const host: Whole<QueueHost> = {
  id: mac("alpha"),
  name: "alpha",
  link: "asleep",
  reason: "lid closed",
  draining: true,
  withheld: "a disk is full",
  ownerObstacles: [{ code: "paused", text: "paused by ann", until: NOW_MS + 7 }],
  users: new Set(["ann", "bob"]),
  total: { memoryBytes: 4_001, gpus: 2, cores: 5 },
  keeps: { bytes: 11, ofBytes: 4_012, elseBytes: 4_009 },
  gpuMemoryBytes: 3_001,
  memoryNowBytes: 2_001,
  partitions: ["fast"],
  data: new Set([tree("d1"), tree("d2")]),
  places: new Set(["imagenet"]),
  network: { mbps: 93.25, trees: new Set([tree("w1")]), wakes: true, wokenAtMs: NOW_MS - 3 },
  linked: {
    kind: "thunderbolt",
    mbps: 9_400.5,
    peers: ["Mac15,14", "Mac15,14"],
    model: "Mac16,9",
    mbpsTo: new Map([[mac("beta"), 812.125]]),
  },
  owner: "ann",
  weight: 17,
  prefers: [lent],
  expected: [{ startMs: NOW_MS + 1, endMs: NOW_MS + 9 }],
}

const job: Whole<QueueJob> = {
  id: 7 as JobId,
  user: "ann",
  hasSecrets: true,
  data: [
    { name: "imagenet", root: null, bytes: 0 },
    { name: "corpus", root: tree("d1"), bytes: 123_456 },
  ],
  workspace: { root: tree("w1"), bytes: 98_765 },
  crashes: [{ host: mac("beta"), times: 2 }],
  name: "train",
  account: "vision",
  partitions: ["fast", "apple_gpu"],
  qos: "urgent",
  resources: { memoryBytes: 1_234, gpus: 0, cores: 3 },
  alone: true,
  hosts: 2,
  pieces: { matlab: 1 },
  limitMs: 60_007,
  hostsWanted: ["alpha", "gone-mac"],
  submittedMs: NOW_MS - 8_001,
  accruesSinceMs: NOW_MS - 7_001,
  beginMs: NOW_MS + 1_001,
  awaits: "checkpoint",
  deadlineMs: NOW_MS + 9_000_001,
  hold: "copy",
  priority: 12.5,
  reached: 14.25,
  nice: -3,
  site: 4,
  dependency: readDependency("afterok:1,afterany:2_3"),
  booking: "course",
  expedited: true,
  interactive: true,
  array: { of: 5 as JobId, tasks: readArrayTasks("3-5,9%2"), running: 6 },
  roomAsked: [
    { partition: "fast", hosts: [mac("alpha"), mac("beta")], startMs: NOW_MS + 61, endMs: NOW_MS + 3_600_071 },
    { partition: "apple_gpu", hosts: [mac("beta")], startMs: NOW_MS - 1, endMs: null },
  ],
}

const attempt: Whole<RunningAttempt> = {
  job: 8 as JobId,
  task: 4,
  name: "sweep",
  user: "bob",
  account: "vision",
  partition: "fast",
  qos: "urgent",
  hosts: [mac("alpha"), mac("beta")],
  nodes: 4,
  resources: { memoryBytes: 222, gpus: 0, cores: 4 },
  alone: true,
  pieces: { matlab: 2 },
  hasSecrets: true,
  submittedMs: NOW_MS - 5_001,
  startedMs: NOW_MS - 4_001,
  limitMs: 3_600_009,
  leavesMs: NOW_MS + 31,
  leavesFor: 9 as JobId,
  interactive: true,
  once: true,
  stoppedFor: 7 as JobId,
  hostsWanted: ["alpha", "gone-mac"],
}

const booking: Whole<HostBooking> = {
  name: "course",
  hosts: new Set([mac("alpha"), mac("gone-mac")]),
  startMs: NOW_MS + 2_001,
  endMs: NOW_MS + 90_003,
  users: ["bob"],
  accounts: ["vision"],
  goesOn: true,
}

const ended: Whole<EndedJob> = { job: 2 as JobId, task: 3, startedMs: NOW_MS - 12_345, outcome: "failed" }

const scene: Whole<QueueScene> = {
  policy: {
    ...DEFAULT_POLICY,
    partitions: [...DEFAULT_POLICY.partitions, { ...DEFAULT_POLICY.partitions[0]!, name: "fast" }],
    qos: [...DEFAULT_POLICY.qos, { ...DEFAULT_POLICY.qos[0]!, name: "urgent" }],
    accounts: [...DEFAULT_POLICY.accounts, { ...DEFAULT_POLICY.accounts[0]!, name: "vision" }],
  } as Whole<QueueScene>["policy"],
  hosts: [host, { ...host, id: mac("beta"), name: "beta" }],
  pieces: { matlab: 3 },
  fairShares: new Map([["vision/ann", 0.123_456_789_012_345_6]]),
  used: new Map([["user vision/ann", { minutes: { cpu: 1.1 }, wallMinutes: 2.3 }]]),
  waiting: [job],
  running: [attempt, { ...attempt, hosts: [mac("beta")], startedMs: NOW_MS - 1 }],
  bookings: [booking],
  ended: [ended, { ...ended, task: 4, startedMs: null, outcome: null }],
}

function readAgain(one: QueueScene, isMasked = false): QueueScene {
  const plain = { policy: one.policy, described: describeScene(one) }
  const { policy, described } = isMasked ? maskScene(plain.policy, plain.described) : plain
  const read = readScene(JSON.stringify(writeScene(policy, described, NOW_MS, "")))
  assert.deepEqual(read.problems, null)
  return read.scene!
}

test("every field of a scene comes back from its file as it was", () => {
  const again = readAgain(scene)
  for (const key of Object.keys(scene) as (keyof QueueScene)[]) assert.deepEqual(again[key], scene[key], key)
})

test("what may say nothing, or something else than what is taken then, comes back, too", () => {
  const plain = { ...host, prefers: [], partitions: [], users: new Set<string>(), weight: 0 }
  const { network: _n, linked: _l, keeps: _k, gpuMemoryBytes: _g, memoryNowBytes: _m, ...bare } = plain
  const partitions = scene.policy.partitions.map((one) => ({ ...one, defaultTimeMs: 60_000 }))
  const preferences = [{ match: { name: "alpha", chip: null, labels: {} }, ...lent }]
  const { workspace: _w, crashes: _c, reached: _r, roomAsked: _a, awaits: _b, ...least } = job
  const made: QueueScene = {
    ...scene,
    policy: { ...scene.policy, partitions, preferences },
    hosts: [bare, { ...host, id: mac("beta"), name: "beta" }],
    waiting: [
      {
        ...least,
        data: [],
        accruesSinceMs: null,
        limitMs: null,
        hostsWanted: [],
        array: { tasks: readArrayTasks("1"), running: 0 },
      },
    ],
    running: [
      {
        ...{ ...attempt, limitMs: null, interactive: false, once: false, stoppedFor: null, hostsWanted: [] },
        ...{ leavesMs: null, leavesFor: null },
      },
    ],
    bookings: [{ ...booking, hosts: new Set([mac("gone-mac")]) }],
  }
  const again = readAgain(made)
  for (const key of Object.keys(made) as (keyof QueueScene)[]) assert.deepEqual(again[key], made[key], key)
})

test("masked, every text of it but of partitions, QOS, licences, models and codes is another", () => {
  const masked = readAgain(scene, true)
  const again = JSON.stringify(describeScene(masked))
  const names = ["alpha", "beta", "gone-mac", "ann", "bob", "vision", "train", "sweep", "course", "imagenet", "corpus"]
  for (const name of [...names, "d1", "d2", "w1", "lid closed", "disk", "paused by"])
    assert.ok(!new RegExp(`["/ ]${name}\\b`).test(again), `${name} is there: ${again}`)
  for (const kept of ["fast", "urgent", "matlab", "Mac15,14", "Mac16,9", "paused"])
    assert.ok(again.includes(kept), kept)
  // What belongs together still does.
  const [alpha, beta] = masked.hosts
  const [wants] = masked.waiting
  assert.ok(alpha?.data.size === 2 && alpha.data.has(wants?.data[1]?.root as BlobHash))
  assert.ok(alpha.network?.trees.has(wants?.workspace?.root as BlobHash))
  assert.deepEqual([...(alpha.linked?.mbpsTo ?? [])], [[beta?.id, 812.125]])
  assert.deepEqual([alpha.owner, wants?.account], [alpha.prefers?.[0]?.users[0], alpha.prefers?.[0]?.accounts[0]])
})
