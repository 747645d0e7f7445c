import type { HostId } from "../../../src/protocol/ids.ts"
import { needOn, type Resources } from "../../../src/protocol/resources.ts"
import { EventHeap } from "./event-heap.ts"
import { type Lab, type LabHost, type LabJob, MINUTE_MS } from "./lab.ts"

/** The rules of a Mac that says nothing else (presence/owner-policy.ts). */
const START_AFTER_IDLE_MS = 15 * MINUTE_MS
const RESUME_AFTER_IDLE_MS = 3 * MINUTE_MS
const VACATE_AFTER_MS = 5 * MINUTE_MS

/** One task of a job, with what became of it. */
export interface Task {
  /** Unique, by the order of submission. */
  readonly unit: number
  readonly job: LabJob
  readonly index: number
  /** What is left to do, from the last checkpoint on. */
  leftMs: number
  attempt: Attempt | null
  firstStartMs: number | null
  endedMs: number | null
  /** How often an owner stopped it, and how often it had to leave; by whomever. */
  suspended: number
  vacated: number
  /** Work that was done and is lost. */
  lostMs: number
}

export interface Attempt {
  readonly id: number
  readonly task: Task
  readonly host: LabHost
  readonly resources: Resources
  /** Moved by as long as it was suspended. */
  startedMs: number
  readonly runs: { readonly fromMs: number; toMs: number | null }[]
  endedMs: number | null
  /** Of what it did, what is lost. */
  lostMs: number
}

export interface HostState {
  readonly host: LabHost
  /** Its owner keeps jobs from starting. */
  isHeld: boolean
  isGone: boolean
  readonly attempts: Set<Attempt>
  /** How often its owner came. */
  visits: number
}

/** A start; who is preempted for it is requeued. */
export interface Decision {
  readonly task: Task
  readonly host: HostId
  readonly preempts: readonly Task[]
}

/** How a pool is planned: what starts at a moment. */
export interface Strategy {
  readonly name: string
  /** Told of each task that waits from now on, for the first time or again, and of each that no longer does. */
  waits(task: Task, nowMs: number): void
  starts(attempt: Attempt): void
  decide(hosts: readonly HostState[], nowMs: number): readonly Decision[]
}

/** Plays what happens in a lab, moment by moment, by a clock of its own. */
export class Simulation {
  readonly tasks: Task[] = []
  readonly hosts: readonly HostState[]
  readonly #strategy: Strategy
  readonly #byId: ReadonlyMap<HostId, HostState>
  readonly #events = new EventHeap()
  readonly #waiting = new Set<Task>()
  #attempts = 0
  #nowMs: number

  constructor(lab: Lab, work: readonly LabJob[], strategy: Strategy, fromMs: number) {
    this.#strategy = strategy
    this.#nowMs = fromMs
    this.hosts = lab.hosts.map((host) => ({ host, isHeld: false, isGone: false, attempts: new Set(), visits: 0 }))
    this.#byId = new Map(this.hosts.map((state) => [state.host.id, state]))
    for (const state of this.hosts) this.#addOwner(state, fromMs)
    for (const job of work) this.#events.add(job.submittedMs, () => this.#submit(job))
  }

  /** @param seen is called after each plan */
  run(toMs: number, seen: (nowMs: number) => void = () => {}): void {
    while (this.#events.nextMs <= toMs) {
      this.#nowMs = Math.max(this.#nowMs, this.#events.nextMs)
      while (this.#events.nextMs <= this.#nowMs) this.#events.next()
      if (this.#waiting.size === 0) continue
      for (const decision of this.#strategy.decide(this.hosts, this.#nowMs)) this.#start(decision)
      seen(this.#nowMs)
    }
    this.#nowMs = toMs
  }

  get waiting(): ReadonlySet<Task> {
    return this.#waiting
  }

  #submit(job: LabJob): void {
    for (const [index, leftMs] of job.workMs.entries()) {
      const blank = { attempt: null, firstStartMs: null, endedMs: null, suspended: 0, vacated: 0, lostMs: 0 }
      const task = { ...blank, unit: this.tasks.length + 1, job, index, leftMs }
      this.tasks.push(task)
      this.#wait(task)
    }
  }

  #wait(task: Task): void {
    this.#waiting.add(task)
    this.#strategy.waits(task, this.#nowMs)
  }

  #start({ task, host, preempts }: Decision): void {
    for (const victim of preempts) if (victim.attempt !== null) this.#vacate(victim.attempt)
    const state = this.#byId.get(host)!
    const { job } = task
    const attempt: Attempt = {
      id: this.#attempts++,
      task,
      host: state.host,
      resources: needOn(job, state.host.total),
      startedMs: this.#nowMs,
      runs: [],
      endedMs: null,
      lostMs: 0,
    }
    checkRoom(state, attempt.resources)
    task.attempt = attempt
    task.firstStartMs ??= this.#nowMs
    state.attempts.add(attempt)
    this.#waiting.delete(task)
    this.#strategy.starts(attempt)
    this.#goOn(attempt)
  }

  #goOn(attempt: Attempt): void {
    const { task } = attempt
    const run = { fromMs: this.#nowMs, toMs: null }
    attempt.runs.push(run)
    const limitEndMs = attempt.startedMs + (task.job.limitMs ?? Number.POSITIVE_INFINITY)
    this.#events.add(Math.min(this.#nowMs + task.leftMs - workedIn(attempt, this.#nowMs), limitEndMs), () => {
      if (attempt.endedMs !== null || attempt.runs.at(-1) !== run || run.toMs !== null) return
      this.#end(attempt)
      task.endedMs = this.#nowMs
    })
  }

  #end(attempt: Attempt): void {
    const run = attempt.runs.at(-1)
    if (run !== undefined) run.toMs ??= this.#nowMs
    attempt.endedMs = this.#nowMs
    attempt.task.attempt = null
    this.#byId.get(attempt.host.id)!.attempts.delete(attempt)
  }

  #suspend(attempt: Attempt): void {
    const run = attempt.runs.at(-1)!
    if (run.toMs !== null) return
    run.toMs = this.#nowMs
    attempt.task.suspended++
    this.#events.add(this.#nowMs + VACATE_AFTER_MS, () => {
      if (attempt.endedMs === null && attempt.runs.at(-1) === run) this.#vacate(attempt)
    })
  }

  /** It leaves its host, with what its last checkpoint has, and waits again. */
  #vacate(attempt: Attempt): void {
    const { task } = attempt
    const { checkpointMs } = task.job
    this.#end(attempt)
    const workedMs = workedIn(attempt, this.#nowMs)
    const keptMs = checkpointMs === null ? 0 : Math.floor(workedMs / checkpointMs) * checkpointMs
    task.leftMs -= keptMs
    attempt.lostMs = workedMs - keptMs
    task.lostMs += attempt.lostMs
    task.vacated++
    this.#wait(task)
  }

  #addOwner(state: HostState, fromMs: number): void {
    let visit = 0
    for (const { fromMs: comesMs, toMs: leavesMs } of state.host.here) {
      if (leavesMs + START_AFTER_IDLE_MS <= fromMs) continue
      this.#events.add(Math.max(comesMs, fromMs), () => {
        const mine = ++visit
        state.isHeld = true
        state.visits++
        for (const attempt of state.attempts) this.#suspend(attempt)
        this.#events.add(leavesMs + RESUME_AFTER_IDLE_MS, () => {
          if (mine !== visit) return
          for (const attempt of state.attempts) {
            const last = attempt.runs.at(-1)!
            if (last.toMs === null) continue
            attempt.startedMs += this.#nowMs - last.toMs
            this.#goOn(attempt)
          }
        })
        this.#events.add(leavesMs + START_AFTER_IDLE_MS, () => {
          if (mine === visit) state.isHeld = false
        })
      })
    }
    for (const { fromMs: goesMs, toMs: comesMs } of state.host.gone) {
      if (comesMs <= fromMs) continue
      this.#events.add(Math.max(goesMs, fromMs), () => {
        state.isGone = true
        for (const attempt of [...state.attempts]) this.#vacate(attempt)
      })
      this.#events.add(comesMs, () => {
        state.isGone = false
      })
    }
  }
}

/** How long it has worked in all until now. */
export function workedIn({ runs }: Pick<Attempt, "runs">, nowMs: number): number {
  return runs.reduce((sum, { fromMs, toMs }) => sum + (toMs ?? nowMs) - fromMs, 0)
}

function checkRoom({ host, attempts, isHeld, isGone }: HostState, need: Resources): void {
  const all = [need, ...[...attempts].map(({ resources }) => resources)]
  const isTooMuch = (["memoryBytes", "gpus", "cores"] as const).some(
    (of) => all.reduce((sum, each) => sum + each[of], 0) > host.total[of],
  )
  if (isTooMuch || isHeld || isGone) throw new Error(`${host.id} was given a job that it has no room for`)
}
