import { join } from "node:path"
import type { OwnerReason } from "../../protocol/owner.ts"
import { withBallastSync } from "../ballast.ts"
import { writeDurably } from "../durable-file.ts"
import { readIfThere } from "../own-file.ts"

/** In an attempt's folder: what was done to it for the sake of people at its host, and for how long. */
export const SUSPENDED_FILE = "suspended"

/** Since when a tree is stopped, and why. */
export interface StoppedSince {
  /** By the clock that counts sleep. */
  readonly uptimeMs: number
  /** By the host's wall clock. */
  readonly at: number
  readonly why: OwnerReason
}

interface Noted {
  readonly stopped: StoppedSince | null
  /** Before that, in all. */
  readonly totalMs: number
  /** When it was continued last, by the host's wall clock. */
  readonly continuedAt: number | null
  /** Processes that had been stopped by the job itself, by pid and start: they stay so when it is continued. */
  readonly keptStopped: readonly string[]
  /** Its CPU work was put behind that of people. */
  readonly yields: boolean
}

const NEVER: Noted = { stopped: null, totalMs: 0, continuedAt: null, keptStopped: [], yields: false }

/**
 * For how long an attempt was stopped for the sake of people at its host. Each change is on the disk before any signal is sent, so that
 * the next agent neither forgets a stopped tree nor counts the time; a job can write there, too, so what is no such note counts as none.
 */
export class Suspension {
  #noted: Noted = NEVER

  get stopped(): StoppedSince | null {
    return this.#noted.stopped
  }

  get continuedAt(): number | null {
    return this.#noted.continuedAt
  }

  /** Before it was stopped now, in all. */
  get earlierMs(): number {
    return this.#noted.totalMs
  }

  get yields(): boolean {
    return this.#noted.yields
  }

  /** Whether something was ever noted: an agent that takes over has to see that all goes on that may. */
  get isNoted(): boolean {
    return this.#noted !== NEVER
  }

  /** Whether the job itself had stopped some of its processes. */
  get keepsStopped(): boolean {
    return this.#noted.keptStopped.length > 0
  }

  isKeptStopped({ pid, start }: { readonly pid: number; readonly start: string }): boolean {
    return this.#noted.keptStopped.includes(`${pid} ${start}`)
  }

  /** For how long it was stopped up to now, in all, by the clock that counts sleep. */
  totalMs(uptimeMs: number): number {
    const { stopped, totalMs } = this.#noted
    return totalMs + (stopped === null ? 0 : Math.max(0, uptimeMs - stopped.uptimeMs))
  }

  /** @throws the system's error where it cannot be written down; it holds for this agent all the same */
  stop(
    where: Where,
    stopped: StoppedSince,
    keptStopped: readonly { readonly pid: number; readonly start: string }[],
  ): void {
    const kept = keptStopped.map(({ pid, start }) => `${pid} ${start}`)
    this.#note(where, { ...this.#noted, stopped, keptStopped: kept })
  }

  /** @throws as `stop` */
  continue(where: Where, { uptimeMs, at }: { readonly uptimeMs: number; readonly at: number }): void {
    this.#note(where, { ...this.#noted, stopped: null, totalMs: this.totalMs(uptimeMs), continuedAt: at })
  }

  /** @throws as `stop` */
  yield(where: Where, yields: boolean): void {
    this.#note(where, { ...this.#noted, yields })
  }

  /** Reads what an agent before has noted. */
  recover(folder: string): void {
    this.#noted = parseNoted(readIfThere(join(folder, SUSPENDED_FILE))) ?? NEVER
  }

  #note({ folder, ballast }: Where, noted: Noted): void {
    this.#noted = noted
    withBallastSync(ballast, () => writeDurably(join(folder, SUSPENDED_FILE), `${JSON.stringify(noted)}\n`))
  }
}

interface Where {
  /** The attempt's. */
  readonly folder: string
  readonly ballast: string
}

function parseNoted(text: string | null): Noted | null {
  if (text === null || text.length > 1_000_000) return null
  try {
    const { stopped, totalMs, continuedAt, keptStopped, yields } = JSON.parse(text) as Noted
    if (!isTime(totalMs) || !(continuedAt === null || isTime(continuedAt))) return null
    if (!Array.isArray(keptStopped) || typeof yields !== "boolean") return null
    if (stopped === null) return { stopped, totalMs, continuedAt, keptStopped, yields }
    const { uptimeMs, at, why } = stopped
    if (!isTime(uptimeMs) || !isTime(at) || typeof why.code !== "string" || typeof why.text !== "string") return null
    const since = { uptimeMs, at, why: { code: why.code, text: why.text } }
    return { stopped: since, totalMs, continuedAt, keptStopped, yields }
  } catch {
    return null
  }
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0
}
