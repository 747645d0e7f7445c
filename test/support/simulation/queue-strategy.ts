import type { HostId, JobId } from "../../../src/protocol/ids.ts"
import type { Policy } from "../../../src/scheduler/policy/policy.ts"
import { planStarts } from "../../../src/scheduler/queue/next-start.ts"
import { orderQueue } from "../../../src/scheduler/queue/order-queue.ts"
import type { QueueHost, QueueJob, QueueScene, RunningAttempt } from "../../../src/scheduler/queue/queue-scene.ts"
import { fairSharesOf } from "../../../src/scheduler/queue-file/fair-shares.ts"
import type { ArrayTasks, TaskRun } from "../../../src/scheduler/request/array-tasks.ts"
import { billableUnits } from "../../../src/scheduler/share/billing.ts"
import { advanceUsage, type ChargedAttempt, noUsage, type Usage } from "../../../src/scheduler/share/usage.ts"
import { GIB } from "./lab.ts"
import { hostOf } from "./queue-hosts.ts"
import type { Attempt, Decision, HostState, Strategy, Task } from "./simulation.ts"

interface WaitingTasks {
  readonly byIndex: Map<number, Task>
  /** Made when asked for, and again after tasks came or went. */
  job: QueueJob | null
  sinceMs: number
}

/** What a strategy knows of a host beside what it is. */
export type HostView = (state: HostState, nowMs: number) => Pick<QueueHost, "weight" | "expected">

/** The whole queue with shares and priorities by a policy. */
export class QueueStrategy implements Strategy {
  readonly name: string
  readonly #policy: Policy
  readonly #view: HostView
  readonly #waiting = new Map<number, WaitingTasks>()
  readonly #active = new Map<number, { readonly attempt: Attempt; readonly charged: ChargedAttempt }>()
  #usage: Usage
  #fairShares: ReadonlyMap<string, number>

  constructor(name: string, policy: Policy, fromMs: number, view: HostView = plainView) {
    this.name = name
    this.#policy = policy
    this.#view = view
    this.#usage = noUsage(fromMs, policy.usage)
    this.#fairShares = fairSharesOf(policy, this.#usage.byShare)
  }

  /** Faded, by `account/user`. */
  get usage(): Usage {
    return this.#usage
  }

  waits(task: Task, nowMs: number): void {
    const { id, submittedMs } = task.job
    let known = this.#waiting.get(id)
    if (known === undefined) {
      known = { byIndex: new Map(), job: null, sinceMs: submittedMs }
      this.#waiting.set(id, known)
    }
    known.byIndex.set(task.index, task)
    known.job = null
    if (this.#policy.priority.slurmAge && task.vacated > 0) known.sinceMs = nowMs
  }

  starts(attempt: Attempt): void {
    const { job, index } = attempt.task
    const known = this.#waiting.get(job.id)!
    known.byIndex.delete(index)
    known.job = null
    if (known.byIndex.size === 0) this.#waiting.delete(job.id)
    const { memoryBytes, gpus, cores } = attempt.resources
    const amounts = { cpu: cores, gpu: gpus, memory: memoryBytes / GIB }
    const { weights, rule } = this.#policy.billing
    const isOwn = attempt.host.owner === job.user && this.#policy.owners.uncharged
    this.#active.set(attempt.id, {
      attempt,
      charged: {
        id: `${attempt.id}`.padStart(9, "0"),
        share: `${job.account}/${job.user}`,
        billableUnits: isOwn ? 0 : billableUnits(amounts, weights, rule),
        usageFactor: 1,
        runs: attempt.runs,
        get endedMs() {
          return attempt.endedMs
        },
      },
    })
  }

  decide(hosts: readonly HostState[], nowMs: number): readonly Decision[] {
    this.#charge(nowMs)
    const scene = this.sceneOf(hosts, nowMs)
    const tasks = new Map<string, Task>()
    for (const { attempts } of hosts)
      for (const { task } of attempts) tasks.set(`${task.job.id} ${taskNumber(task)}`, task)
    return planStarts(scene, orderQueue(scene, nowMs), nowMs).map((entry) => ({
      task: this.#waiting.get(entry.job)!.byIndex.get(entry.task ?? 0)!,
      host: entry.hosts[0]!,
      preempts: entry.preempts.map(({ job, task }) => tasks.get(`${job} ${task}`)!),
    }))
  }

  sceneOf(hosts: readonly HostState[], nowMs: number): QueueScene {
    return {
      policy: this.#policy,
      hosts: hosts.map((state) => ({ ...hostOf(state), ...this.#view(state, nowMs) })),
      pieces: {},
      fairShares: this.#fairShares,
      used: new Map(),
      waiting: [...this.#waiting.values()].map((one) => (one.job ??= queueJobOf(one))),
      running: hosts.flatMap(({ host, attempts }) => [...attempts].map((one) => runningOf(one, host.id))),
      bookings: [],
      ended: [],
    }
  }

  /** What was used until the last full period, and the factors that follow. */
  #charge(nowMs: number): void {
    if (nowMs < this.#usage.throughMs + this.#policy.usage.periodMs) return
    const charged = [...this.#active.values()].map((one) => one.charged)
    this.#usage = advanceUsage(this.#usage, charged, nowMs, this.#policy.usage)
    this.#fairShares = fairSharesOf(this.#policy, this.#usage.byShare)
    for (const [id, { attempt }] of this.#active) {
      if (attempt.endedMs !== null && attempt.endedMs < this.#usage.throughMs) this.#active.delete(id)
    }
  }
}

export const plainView: HostView = (state) => ({ weight: hostOf(state).weight, expected: [] })

function taskNumber({ job, index }: Task): number | null {
  return job.workMs.length > 1 ? index : null
}

function queueJobOf({ byIndex, sinceMs }: WaitingTasks): QueueJob {
  const [first] = byIndex.values()
  const { job } = first!
  return {
    id: job.id as JobId,
    name: job.kind,
    user: job.user,
    account: job.account,
    partitions: ["apple_gpu"],
    qos: "normal",
    resources: { memoryBytes: job.memoryBytes, gpus: job.gpus, cores: job.cores },
    alone: false,
    hosts: 1,
    pieces: {},
    limitMs: job.limitMs,
    hostsWanted: null,
    hasSecrets: false,
    data: [],
    submittedMs: sinceMs,
    accruesSinceMs: sinceMs,
    beginMs: null,
    deadlineMs: null,
    hold: null,
    priority: null,
    nice: 0,
    site: 0,
    dependency: null,
    booking: null,
    expedited: false,
    interactive: job.kind === "interactive",
    array: job.workMs.length > 1 ? { tasks: tasksOf(byIndex), running: 0 } : null,
  }
}

function tasksOf(byIndex: ReadonlyMap<number, Task>): ArrayTasks {
  const runs: TaskRun[] = []
  for (const index of [...byIndex.keys()].sort((a, b) => a - b)) {
    const last = runs.at(-1)
    if (last?.last === index - 1) runs[runs.length - 1] = { ...last, last: index }
    else runs.push({ first: index, last: index })
  }
  return { runs, count: byIndex.size, atOnce: null }
}

function runningOf(attempt: Attempt, host: HostId): RunningAttempt {
  const { task, resources, startedMs } = attempt
  const { id, kind, user, account, submittedMs, limitMs } = task.job
  return {
    job: id as JobId,
    task: taskNumber(task),
    name: kind,
    user,
    account,
    partition: "apple_gpu",
    qos: "normal",
    hosts: [host],
    resources,
    alone: false,
    pieces: {},
    hasSecrets: false,
    submittedMs,
    startedMs,
    limitMs,
    leavesMs: null,
  }
}
