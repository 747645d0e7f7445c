import type { AgentContext } from "./agent-context.ts"
import { keepBallast } from "./ballast.ts"
import type { ProcessRow, Usage } from "./platform/platform.ts"
import { addDescendants } from "./sweep.ts"

const IDLE_MS = 60_000

/** Looks at the host and at what runs there: every few seconds while something runs, else once a minute. */
export class Sampler {
  readonly #context: AgentContext
  #timer: NodeJS.Timeout | undefined
  #busy = false
  #sampling = false

  constructor(context: AgentContext) {
    this.#context = context
    this.#plan(IDLE_MS)
  }

  /** Whether something runs now. */
  set busy(busy: boolean) {
    if (busy === this.#busy) return
    this.#busy = busy
    // The pace changes at the next look when things calm down, and at once when they begin.
    if (busy) this.#plan(this.#context.platform.sampleMs)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #plan(afterMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      void this.#sample()
        .catch(() => {}) // a command of the system that failed this once
        .finally(() => this.#plan(this.#looksOften ? this.#context.platform.sampleMs : IDLE_MS))
    }, afterMs).unref()
  }

  /** Something runs, or it is not known yet whether what ran has given its memory back. */
  get #looksOften(): boolean {
    return this.#busy || this.#context.leftovers.memory.isDoubtful
  }

  async #sample(): Promise<void> {
    if (this.#sampling) return
    this.#sampling = true
    try {
      const { platform, folder, clock, link, leftovers, diskWatch } = this.#context
      diskWatch.sample(this.#busy)
      keepBallast(folder.ballast)
      const attempts = this.#busy ? await this.#trees(await platform.processes()) : []
      if (link.attached) {
        link.send({ type: "sample", at: clock.now(), ...(await platform.free(folder.root)), attempts })
      }
      await leftovers.lookAtMemory(this.#busy)
    } finally {
      this.#sampling = false
    }
  }

  async #trees(table: readonly ProcessRow[]) {
    const found: { sequence: number; memoryBytes: number; processes: number; cpuMs?: number }[] = []
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
      const usage = await this.#context.platform.usageOf(rows)
      const memoryBytes = Math.round(usage.reduce((sum, one) => sum + one.memoryBytes, 0))
      attempt.peakMemoryBytes = Math.max(attempt.peakMemoryBytes, memoryBytes)
      found.push({ sequence: attempt.sequence, memoryBytes, processes: rows.length, ...cpuOf(usage) })
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
