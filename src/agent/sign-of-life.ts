import { statSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { AgentContext } from "./agent-context.ts"
import type { Attempt } from "./attempt.ts"
import { reopening, systemCode } from "./own-file.ts"

const SIGN_MS = 5_000
/** What a supervisor takes after the grace until it gives up. */
const LATE_MS = 5_000

/**
 * Dates a file again every five seconds while something runs: when a host goes down, that tells the next agent until when it was up. Not
 * synced: what a power cut takes of it is a few seconds of what somebody is charged.
 */
export class SignOfLife {
  readonly #context: AgentContext
  #signedMs = Number.NEGATIVE_INFINITY

  constructor(context: AgentContext) {
    this.#context = context
  }

  /** To be called about once a second while something runs. */
  look(): void {
    const now = performance.now()
    if (now - this.#signedMs < SIGN_MS) return
    this.#signedMs = now
    const { alive } = this.#context.folder
    try {
      reopening(alive, () => date(alive))
    } catch {
      // A full disk, or the folder is gone: then only what jobs print tells.
    }
  }
}

function date(path: string): void {
  const now = new Date()
  try {
    utimesSync(path, now, now)
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error
    writeFileSync(path, "", { mode: 0o600 })
  }
}

/**
 * When an attempt that is found without its supervisor was alive last, as far as anything tells, by the host's clock: its output, or an
 * agent beside it. Never before its start, nor later than its time limit lets it run, nor than now.
 */
export function lastSignMs({ clock, folder }: AgentContext, attempt: Attempt): number {
  const startedAt = attempt.startedAt ?? 0
  const dated = [folder.alive, join(attempt.folder, "stdout"), join(attempt.folder, "stderr")].map(datedMs)
  // The system dates its files by its own clock.
  const signMs = Math.max(...dated) + clock.offsetMs()
  const { order, suspension, gate } = attempt
  const limitMs = order?.timeLimitMs ?? null
  const fromMs = Math.max(startedAt, gate.went?.at ?? startedAt)
  const mostMs =
    limitMs === null || order === null
      ? Number.POSITIVE_INFINITY
      : fromMs + limitMs + suspension.totalMs(clock.sleepCountingMs()) + order.graceMs + LATE_MS
  const now = clock.now()
  // A clock that was set back says nothing of what was before.
  const nowMs = now < startedAt ? Number.POSITIVE_INFINITY : now
  return Math.round(Math.max(startedAt, Math.min(signMs, mostMs, nowMs)))
}

function datedMs(path: string): number {
  try {
    return reopening(path, () => statSync(path)).mtimeMs
  } catch {
    return Number.NEGATIVE_INFINITY
  }
}
