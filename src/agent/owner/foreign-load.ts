import { known, type Reading, unknown } from "../../presence/reading.ts"

/** The kernel's load average forgets at this pace. */
const MINUTE_MS = 60_000

interface Used {
  readonly cpuMs: number
  readonly atMs: number
  /** Cores it was using when it was measured; `null` before it was measured twice. */
  readonly cores: number | null
}

/**
 * How busy a host is with what is not of jobs: its load average over a minute, less the cores that jobs use, averaged over time in
 * the same way. What they use is known as often as it is measured.
 */
export class ForeignLoad {
  readonly #used = new Map<string, Used>()
  #jobs = 0
  #atMs: number | null = null

  /** What an attempt's processes have used of CPU in all, and when that was measured. A repeat changes nothing. */
  measured(attempt: string, cpuMs: number, atMs: number): void {
    const before = this.#used.get(attempt)
    if (before !== undefined && atMs <= before.atMs) return
    // Processes that end take with them what they had used.
    const cores = before === undefined ? null : Math.max(0, cpuMs - before.cpuMs) / (atMs - before.atMs)
    this.#used.set(attempt, { cpuMs, atMs, cores })
  }

  /**
   * @param load of the whole host
   * @param attempts those that are there, and whether each runs; what is not among them is forgotten
   */
  of(load: Reading<number>, attempts: ReadonlyMap<string, boolean>, nowMs: number): Reading<number> {
    for (const attempt of this.#used.keys()) if (!attempts.has(attempt)) this.#used.delete(attempt)
    let cores = 0
    let isMeasured = true
    for (const [attempt, runs] of attempts) {
      if (!runs) continue
      const used = this.#used.get(attempt)?.cores ?? null
      if (used === null) isMeasured = false
      else cores += used
    }
    const kept = Math.exp(-(this.#atMs === null ? 0 : Math.max(0, nowMs - this.#atMs)) / MINUTE_MS)
    this.#atMs = nowMs
    this.#jobs = this.#jobs * kept + cores * (1 - kept)
    if (!load.known) return load
    return isMeasured ? known(Math.max(0, load.value - this.#jobs)) : unknown("what jobs use was not measured yet")
  }
}
