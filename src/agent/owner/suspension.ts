import { join } from "node:path"
import { isDate, type OwnerReason } from "../../protocol/owner.ts"
import { withBallastSync } from "../ballast.ts"
import { writeDurably } from "../durable-file.ts"
import { readIfThere } from "../own-file.ts"
import {
  asidesIn,
  beginAside,
  endAside,
  leftAside,
  measureAside,
  type NotedAsides,
  openAside,
  vacateAside,
} from "./noted-asides.ts"
import { type Aside, asideIn } from "./said-aside.ts"

/** In an attempt's folder: what was done to it for the sake of people at its host, and for how long. */
export const SUSPENDED_FILE = "suspended"

/** Since when a tree is stopped, and why. */
export interface StoppedSince {
  /** By the clock that counts sleep. */
  readonly uptimeMs: number
  /** By the host's wall clock. */
  readonly at: number
  readonly why: OwnerReason
  /** From the sign of somebody to the last process stopped; absent until it is measured, and where it was stopped already. */
  readonly reactionMs?: number
}

/** How long it took to stop it, where that is known. */
export function measured({ reactionMs }: StoppedSince): { readonly reactionMs?: number } {
  return reactionMs === undefined ? {} : { reactionMs }
}

interface Noted {
  readonly stopped: StoppedSince | null
  /** Since when it is stopped for the sake of people at the host, by the clock that counts sleep; `null`: it is not, or only for another job. */
  readonly ownerSinceMs: number | null
  readonly aside: Aside | null
  /** Before that, in all. */
  readonly totalMs: number
  /** When it was continued last, by the host's wall clock. */
  readonly continuedAt: number | null
  /** Processes that had been stopped by the job itself, by pid and start: they stay so when it is continued. */
  readonly keptStopped: readonly string[]
  /** Its CPU work was put behind that of people. */
  readonly yields: boolean
  readonly asides: NotedAsides
}

const NEVER: Noted = {
  stopped: null,
  ownerSinceMs: null,
  aside: null,
  totalMs: 0,
  continuedAt: null,
  keptStopped: [],
  yields: false,
  asides: [],
}

/**
 * For how long an attempt was stopped for the sake of people at its host. Each change is on the disk before any signal is sent, so that
 * the next agent neither forgets a stopped tree nor counts the time; a job can write there, too, so what is no such note counts as none.
 */
export class Suspension {
  #noted: Noted = NEVER
  #isWritten = true

  get stopped(): StoppedSince | null {
    return this.#noted.stopped
  }

  get ownerSinceMs(): number | null {
    return this.#noted.ownerSinceMs
  }

  get aside(): Aside | null {
    return this.#noted.aside
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

  /** How it stepped aside for people at the host, oldest first. */
  get asides(): NotedAsides {
    return this.#noted.asides
  }

  /** Which of them it is now, as `suspended` tells it. */
  get asideNow(): { readonly asideAt?: number } {
    const open = openAside(this.asides)
    return open === undefined ? {} : { asideAt: open.at }
  }

  /** Why it was asked to leave for the sake of people at the host; `null`: it was not. */
  get leftFor(): OwnerReason | null {
    return leftAside(this.asides)?.left?.why ?? null
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

  /**
   * It is stopped for the sake of people at the host, or for another job. What is stopped already stays so as of then.
   * @param nowMs by the host's wall clock
   * @throws the system's error where it cannot be written down; it holds for this agent all the same
   */
  stop(
    where: Where,
    stopped: StoppedSince,
    keptStopped: readonly { readonly pid: number; readonly start: string }[],
    isForOwner = true,
    nowMs = stopped.at,
  ): void {
    const { stopped: before, ownerSinceMs } = this.#noted
    const since = isForOwner ? (ownerSinceMs ?? stopped.uptimeMs) : ownerSinceMs
    if (before !== null) {
      const { uptimeMs, at } = before
      const asides = isForOwner ? beginAside(this.asides, nowMs, stopped.why) : this.asides
      this.#note(where, { ...this.#noted, stopped: { uptimeMs, at, why: stopped.why }, ownerSinceMs: since, asides })
      return
    }
    const asides = isForOwner ? beginAside(this.asides, stopped.at, stopped.why) : this.asides
    const kept = keptStopped.map(({ pid, start }) => `${pid} ${start}`)
    this.#note(where, { ...this.#noted, stopped, ownerSinceMs: since, keptStopped: kept, asides })
  }

  /** Nothing of people at the host stops it any more: it stays so for another job. @throws as `stop` */
  ownerLeft(where: Where, why: OwnerReason, nowMs: number): void {
    const { stopped } = this.#noted
    if (stopped === null) return
    const { uptimeMs, at } = stopped
    const asides = endAside(this.asides, nowMs, null)
    this.#note(where, { ...this.#noted, stopped: { uptimeMs, at, why }, ownerSinceMs: null, asides })
  }

  /** All of it is seen to be stopped. @throws as `stop` */
  measure(where: Where, reactionMs: number): void {
    const { stopped } = this.#noted
    if (stopped === null) return
    const asides = measureAside(this.asides, stopped.at, reactionMs)
    this.#note(where, { ...this.#noted, stopped: { ...stopped, reactionMs }, asides })
  }

  /** It is to leave for the sake of people at the host. @throws as `stop` */
  leave(where: Where, at: number, why: OwnerReason, reactionMs: number): void {
    this.#note(where, { ...this.#noted, asides: vacateAside(this.asides, at, why, reactionMs) })
  }

  /** What the server says of stopping it for another job. @throws as `stop` */
  order(where: Where, aside: Aside): void {
    this.#note(where, { ...this.#noted, aside })
  }

  /** It stays stopped, for another reason than before. @throws as `stop` */
  because(where: Where, why: OwnerReason): void {
    const { stopped } = this.#noted
    if (stopped !== null) this.#note(where, { ...this.#noted, stopped: { ...stopped, why } })
  }

  /** More of its processes were stopped by the job itself. @throws as `stop` */
  keep(where: Where, more: readonly { readonly pid: number; readonly start: string }[]): void {
    const kept = new Set([...this.#noted.keptStopped, ...more.map(({ pid, start }) => `${pid} ${start}`)])
    this.#note(where, { ...this.#noted, keptStopped: [...kept] })
  }

  /** @throws as `stop` */
  continue(where: Where, { uptimeMs, at }: { readonly uptimeMs: number; readonly at: number }): void {
    const totalMs = this.totalMs(uptimeMs)
    const asides = endAside(this.asides, at, totalMs)
    this.#note(where, { ...this.#noted, stopped: null, ownerSinceMs: null, totalMs, continuedAt: at, asides })
  }

  /** @throws as `stop` */
  yield(where: Where, yields: boolean): void {
    this.#note(where, { ...this.#noted, yields })
  }

  /** Writes down what there was no room for before. @throws as `stop` */
  writeAgain(where: Where): void {
    if (!this.#isWritten) this.#note(where, this.#noted)
  }

  /** Reads what an agent before has noted, as far as it can be so. */
  recover(folder: string, ran: RanSince): void {
    const noted = parseNoted(readIfThere(join(folder, SUSPENDED_FILE)), ran)
    this.#noted = noted === null ? NEVER : bounded(noted, ran)
  }

  #note({ folder, ballast }: Where, noted: Noted): void {
    this.#noted = noted
    this.#isWritten = false
    withBallastSync(ballast, () => writeDurably(join(folder, SUSPENDED_FILE), `${JSON.stringify(noted)}\n`))
    this.#isWritten = true
  }
}

interface Where {
  /** The attempt's. */
  readonly folder: string
  readonly ballast: string
}

/** What is known of an attempt whose note is read: nobody was stopped for longer than since its start. */
export interface RanSince {
  /** Now, by the clock that counts sleep. */
  readonly uptimeMs: number
  /** Now, by the host's wall clock. */
  readonly wallMs: number
  /** When it started by the clock that counts sleep; `null` where that is not known or was before the host started anew. */
  readonly startedUptimeMs: number | null
  /** When it started by the wall clock, which somebody may have set since. */
  readonly startedWallMs: number | null
}

/** Clocks are set, and differ. */
const CLOCK_SLACK_MS = 86_400_000

function parseNoted(text: string | null, { uptimeMs: upNowMs, wallMs, startedUptimeMs }: RanSince): Noted | null {
  if (text === null || text.length > 1_000_000) return null
  const isWall = (value: unknown): value is number => isTime(value) && value <= wallMs + CLOCK_SLACK_MS
  // The clock that counts sleep begins anew with the host.
  const isUp = (value: unknown): value is number =>
    isTime(value) && (startedUptimeMs === null || value <= upNowMs + CLOCK_SLACK_MS)
  try {
    const read = JSON.parse(text) as Noted
    const { stopped, totalMs, continuedAt, keptStopped, yields } = read
    if (!isTime(totalMs) || !(continuedAt === null || isWall(continuedAt))) return null
    if (!Array.isArray(keptStopped) || typeof yields !== "boolean") return null
    const aside = asideIn(read.aside)
    const asides = asidesIn(read.asides, wallMs + CLOCK_SLACK_MS)
    const rest = { aside, totalMs, continuedAt, keptStopped, yields, asides }
    if (stopped === null) return { stopped, ownerSinceMs: null, ...rest }
    const { uptimeMs, at, why, reactionMs } = stopped
    if (!isUp(uptimeMs) || !isWall(at) || typeof why.code !== "string" || typeof why.text !== "string") return null
    const reaction = Number.isSafeInteger(reactionMs) && isTime(reactionMs) ? { reactionMs } : {}
    const since = { uptimeMs, at, why: { code: why.code, text: why.text }, ...reaction }
    // An agent of an older release stops for people only.
    const { ownerSinceMs = uptimeMs } = read
    if (ownerSinceMs !== null && !isUp(ownerSinceMs)) return null
    return { stopped: since, ownerSinceMs, ...rest }
  } catch {
    return null
  }
}

function bounded(noted: Noted, { uptimeMs, wallMs, startedUptimeMs, startedWallMs }: RanSince): Noted {
  const { stopped, totalMs } = noted
  if (startedUptimeMs === null) {
    if (startedWallMs === null) return noted
    return { ...noted, totalMs: Math.min(totalMs, Math.max(0, wallMs - startedWallMs)) }
  }
  const sinceMs = stopped === null ? uptimeMs : Math.min(uptimeMs, Math.max(startedUptimeMs, stopped.uptimeMs))
  return {
    ...noted,
    totalMs: Math.min(totalMs, Math.max(0, sinceMs - startedUptimeMs)),
    stopped: stopped === null ? null : { ...stopped, uptimeMs: sinceMs },
    ownerSinceMs: noted.ownerSinceMs === null ? null : Math.min(uptimeMs, Math.max(sinceMs, noted.ownerSinceMs)),
  }
}

/** No longer than dates reach: sums of two are still counted exactly. */
function isTime(value: unknown): value is number {
  return isDate(value) && value >= 0
}
