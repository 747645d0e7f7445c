import type { HostId, JobId } from "../src/protocol/ids.ts"
import { needOn } from "../src/protocol/resources.ts"
import { DEFAULT_POLICY } from "../src/scheduler/policy/default-policy.ts"
import { KeptOrder } from "../src/scheduler/queue/kept-order.ts"
import { nextStart } from "../src/scheduler/queue/next-start.ts"
import { planQueue } from "../src/scheduler/queue/plan-queue.ts"
import type { QueueHost, QueueJob, QueueScene, RunningAttempt } from "../src/scheduler/queue/queue-scene.ts"
import type { Benchmark } from "./benchmark.ts"
import type { Figure } from "./figure.ts"

const GIB = 1024 ** 3
const HOUR_MS = 3_600_000
const NOW_MS = Date.parse("2026-11-27T09:00:17Z")
const USERS = 60
/** Different requests in a queue: people send the same again and again. */
const KINDS = 50

export const queuePlanBench: Benchmark = {
  name: "queue-plan",
  about:
    "The whole plan from plain data, once it is warm: priorities, order, limits, starts, reservations for all within a day, and a reason for each job; hosts of four sizes with one job on each, one in ten in its owner's use; 60 users with a limit each, 50 different requests, one in twenty for several hosts.",
  async run(): Promise<readonly Figure[]> {
    return [
      figure("1,000 jobs on 50 hosts", scene(1_000, 50), 10, 100),
      figure("10,000 jobs on 200 hosts", scene(10_000, 200), 120, 30),
      nextStartFigure(scene(10_000, 200)),
      figure("100,000 jobs on 1,000 hosts", scene(100_000, 1_000), 1_000, 10),
    ]
  },
}

function figure(what: string, given: QueueScene, most: number, runs: number): Figure {
  for (let run = 0; run < Math.ceil(runs / 5); run++) planQueue(given, NOW_MS)
  const values = Array.from({ length: runs }, () => {
    const startedMs = performance.now()
    planQueue(given, NOW_MS)
    return performance.now() - startedMs
  })
  return { what, unit: "ms", values, bounds: [{ of: "median", most }] }
}

/** All that could start has; then one job after the other ends, each beside all others as they were. */
function nextStartFigure(given: QueueScene): Figure {
  const { entries } = planQueue(given, NOW_MS)
  const started = new Set(entries.flatMap(({ job, state }) => (state === "start" ? job : [])))
  const jobs = new Map(given.waiting.map((job) => [job.id, job]))
  const running = entries.flatMap(({ job, state, hosts }): RunningAttempt[] => {
    if (state !== "start") return []
    const spec = jobs.get(job)!
    const total = given.hosts.find(({ id }) => id === hosts[0])!.total
    const resources = needOn(spec.resources, total)
    const where = { job, task: null, partition: "apple_gpu", hosts, resources, startedMs: NOW_MS, leavesMs: null }
    return [{ ...spec, ...where }]
  })
  const preempted = new Set(entries.flatMap(({ preempts }) => preempts.map(({ job }) => job)))
  const stays = given.running.filter(({ job }) => !preempted.has(job))
  const full = {
    ...given,
    running: [...stays, ...running],
    waiting: given.waiting.filter(({ id }) => !started.has(id)),
  }
  const kept = new KeptOrder()
  const values: number[] = []
  for (const [at, ended] of full.running.entries()) {
    // Somebody came or left since the last one, too.
    const waiting = full.waiting.filter((_, index) => index !== at)
    const after = { ...full, running: full.running.filter((one) => one !== ended), waiting }
    const startedMs = performance.now()
    const next = nextStart(after, kept.orderOf(after, NOW_MS), NOW_MS, new Set(ended.hosts))
    if (next !== null && at >= 20) values.push(performance.now() - startedMs)
  }
  return { what: "one job ends, 10,000 wait: the next start", unit: "ms", values, bounds: [{ of: "median", most: 5 }] }
}

export function scene(jobs: number, hosts: number): QueueScene {
  const random = numbers(jobs)
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!
  const users = Array.from({ length: USERS }, (_, at) => `user${at}`)
  const pool = Array.from({ length: hosts }, (_, at): QueueHost => {
    const memoryBytes = pick([16, 32, 64, 128]) * GIB
    const isHere = random() < 0.1
    return {
      id: `mac${at}` as HostId,
      name: `mac${at}`,
      link: "ready",
      reason: null,
      draining: false,
      withheld: null,
      ownerObstacles: isHere ? [{ code: "owner_here", text: "its owner is there", until: null }] : [],
      users: null,
      total: { memoryBytes, gpus: 1, cores: 10 },
      partitions: ["apple_gpu"],
      data: new Set(),
      places: new Set(),
      owner: pick(users),
      weight: memoryBytes,
      expected: [],
    }
  })
  const who = () => ({ user: pick(users), account: "default", qos: "normal", pieces: {}, hasSecrets: false })
  const kinds = Array.from({ length: KINDS }, () => ({
    hosts: random() < 0.05 ? 2 + Math.floor(random() * 3) : 1,
    resources: {
      memoryBytes: (1 + Math.floor(random() * 48)) * GIB,
      gpus: pick([0, 1, 1, 1]),
      cores: 1 + Math.floor(random() * 8),
    },
    limitMs: (5 + Math.floor(random() * 480)) * 60_000,
  }))
  return {
    policy: {
      ...DEFAULT_POLICY,
      limits: { user: { runningJobs: Math.ceil(hosts / 10) } },
      priority: {
        ...DEFAULT_POLICY.priority,
        weights: { ...DEFAULT_POLICY.priority.weights, age: 1000, fairShare: 5000, size: 100 },
      },
    },
    hosts: pool,
    pieces: {},
    fairShares: new Map(users.map((user, at) => [`default/${user}`, (at + 1) / USERS])),
    used: new Map(),
    running: pool
      .filter(({ ownerObstacles }) => ownerObstacles.length === 0)
      .map(
        ({ id }, at): RunningAttempt => ({
          ...who(),
          job: (1_000_000 + at) as JobId,
          task: null,
          name: "running",
          partition: "apple_gpu",
          hosts: [id],
          resources: { memoryBytes: 8 * GIB, gpus: 1, cores: 4 },
          alone: false,
          submittedMs: NOW_MS - 2 * HOUR_MS,
          startedMs: NOW_MS - HOUR_MS,
          limitMs: HOUR_MS + random() * 8 * HOUR_MS,
          leavesMs: null,
        }),
      ),
    bookings: [],
    ended: [],
    waiting: Array.from({ length: jobs }, (_, at): QueueJob => {
      const submittedMs = NOW_MS - Math.floor(random() * 7 * 24 * HOUR_MS)
      return {
        ...who(),
        ...pick(kinds),
        id: (at + 1) as JobId,
        name: "waiting",
        partitions: ["apple_gpu"],
        alone: false,
        data: [],
        hostsWanted: null,
        submittedMs,
        accruesSinceMs: submittedMs,
        beginMs: null,
        deadlineMs: null,
        hold: null,
        priority: null,
        nice: 0,
        site: 0,
        dependency: null,
        booking: null,
        expedited: false,
        interactive: false,
        array: null,
      }
    }),
  }
}

/** The same for the same seed (Lehmer's generator). */
function numbers(seed: number): () => number {
  let state = seed % 2_147_483_647
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
