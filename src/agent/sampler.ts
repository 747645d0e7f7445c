import type { AgentContext } from "./agent-context.ts"
import type { Attempt } from "./attempt.ts"
import { keepBallast } from "./ballast.ts"
import { holdToLimit } from "./kernel-limit.ts"
import { type Held, MemoryGuard } from "./memory-guard.ts"
import type { MemoryNow, ProcessRow, Usage } from "./platform/platform.ts"
import { stopAttempt } from "./stopping.ts"
import { addDescendants } from "./sweep.ts"

const IDLE_MS = 60_000
/** How often free memory is looked at while something runs: what grows by 1 GB/s is seen before it has 1 GB too much. */
const GLANCE_MS = 500

interface Tree extends Held {
  readonly attempt: Attempt
  readonly told: {
    readonly sequence: number
    readonly memoryBytes: number
    readonly processes: number
    readonly cpuMs?: number
  }
}

/**
 * Looks at the host and at what runs there: every few seconds while something runs, else once a minute; and at once when memory
 * goes. Ends attempts that hold more than they asked for.
 */
export class Sampler {
  readonly #context: AgentContext
  #timer: NodeJS.Timeout | undefined
  readonly #guard = new MemoryGuard()
  #busy = false
  #sampling = false
  #sampledMs = 0

  constructor(context: AgentContext) {
    this.#context = context
    this.#plan(this.#idleMs)
  }

  /** Whether something runs now. */
  set busy(busy: boolean) {
    if (busy === this.#busy) return
    this.#busy = busy
    // The pace changes at the next look when things calm down, and at once when they begin.
    if (busy) this.#plan(GLANCE_MS)
  }

  /** Looks at once, whenever the next look is due. */
  now(): Promise<void> {
    return this.#sample(null)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #plan(afterMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      void this.#look()
        .catch(() => {}) // a command of the system that failed this once
        .finally(() =>
          this.#plan(this.#busy ? GLANCE_MS : this.#looksOften ? this.#context.platform.sampleMs : this.#idleMs),
        )
    }, afterMs).unref()
  }

  /** On a Mac the owner's apps take and give memory all the time, and a job may wait for it. */
  get #idleMs(): number {
    const { system, sampleMs } = this.#context.platform
    return system === "darwin" ? sampleMs : IDLE_MS
  }

  /** Something runs, or it is not known yet whether what ran has given its memory back. */
  get #looksOften(): boolean {
    return this.#busy || this.#context.leftovers.memory.isDoubtful
  }

  async #look(): Promise<void> {
    const { platform } = this.#context
    const now = this.#busy ? await platform.memoryNow() : null
    const isTime = now === null || performance.now() - this.#sampledMs >= platform.sampleMs
    if (isTime || now.danger !== null || this.#guard.isDue(now.freeBytes)) await this.#sample(now)
  }

  async #sample(now: MemoryNow | null): Promise<void> {
    if (this.#sampling) return
    this.#sampling = true
    this.#sampledMs = performance.now()
    try {
      const { platform, folder, clock, link, leftovers, diskWatch } = this.#context
      diskWatch.sample(this.#busy)
      keepBallast(folder.ballast)
      const trees = this.#busy ? await this.#trees(await platform.processes()) : []
      if (now !== null) {
        for (const { held, message } of this.#guard.measured(now.freeBytes, trees, now.danger)) this.#end(held, message)
      }
      if (link.attached) {
        const attempts = trees.map(({ told }) => told)
        const free = await platform.free(folder.root)
        link.send({ type: "sample", at: clock.now(), ...free, attempts })
        this.#context.memoryNews?.told(free.memoryFreeBytes)
      }
      await leftovers.lookAtMemory(this.#busy)
    } finally {
      this.#sampling = false
    }
  }

  #end({ attempt }: Tree, message: string): void {
    if (attempt.stop !== null || attempt.phase !== "running") return
    attempt.message = message
    stopAttempt(this.#context, attempt, { cause: "out_of_memory", signal: "SIGKILL", graceMs: 0 })
  }

  async #trees(table: readonly ProcessRow[]): Promise<Tree[]> {
    const found: Tree[] = []
    for (const attempt of this.#context.attempts.values()) {
      if (!attempt.live || attempt.supervisor === null) continue
      const pids = new Set([attempt.supervisor.pid])
      addDescendants(table, pids)
      pids.delete(attempt.supervisor.pid)
      const rows = table.filter(
        (row) =>
          pids.has(row.pid) ||
          (row.pgid === attempt.group && attempt.group !== null) ||
          attempt.seen.get(row.pid) === row.start,
      )
      if (!this.#context.platform.sweepIsTotal) for (const row of rows) attempt.seen.set(row.pid, row.start)
      holdToLimit(this.#context, attempt, rows)
      const usage = await this.#context.platform.usageOf(rows)
      const memoryBytes = Math.round(usage.reduce((sum, one) => sum + one.memoryBytes, 0))
      const cpu = cpuOf(usage)
      attempt.heldBytes = memoryBytes
      attempt.cpuUsed = cpu.cpuMs === undefined ? null : { cpuMs: cpu.cpuMs, atMs: performance.now() }
      attempt.peakMemoryBytes = Math.max(attempt.peakMemoryBytes, memoryBytes)
      const told = { sequence: attempt.sequence, memoryBytes, processes: rows.length, ...cpu }
      const { order } = attempt
      const leaseBytes = order?.lease.memoryBytes ?? Number.POSITIVE_INFINITY
      found.push({ attempt, told, heldBytes: memoryBytes, leaseBytes, isAsked: order?.memoryAsked === true })
    }
    return found
  }
}

/** Nothing, when it is not known of all of them. */
function cpuOf(usage: readonly Usage[]): { readonly cpuMs?: number } {
  let cpuMs = 0
  for (const one of usage) {
    if (one.cpuMs === null) return {}
    cpuMs += one.cpuMs
  }
  return { cpuMs: Math.round(cpuMs) }
}
