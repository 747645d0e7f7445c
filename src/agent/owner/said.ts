import { clockSetMs, leverMoved } from "../../presence/lever-clock.ts"
import { knowsAll, leverKey, mergeLevers } from "../../presence/merge-lever.ts"
import type { Moment } from "../../presence/moment.ts"
import { type HostTerms, isDate, type Lever, NO_LEVER } from "../../protocol/owner.ts"
import { withBallastSync } from "../ballast.ts"
import { writeDurably } from "../durable-file.ts"
import { readIfThere } from "../own-file.ts"
import { readKeptLever, readLever, readTerms } from "./read-owner.ts"

/** The last request that was taken of an account; several may be of the same moment. */
interface Taken {
  readonly at: number
  readonly ids: readonly string[]
}

/** Both clocks, and the boot since which the one that counts sleep counts. */
export interface SaidClocks {
  readonly now: () => Moment
  readonly bootId: string
}

/** What the clocks showed when it was written. */
interface Written extends Moment {
  readonly bootId: string
}

/**
 * What was said of this host: by its server, and on it. Kept on the disk, so that it holds without a server, too. A job can write
 * there, as it can end the agent: what is damaged counts as not said, which is the kindest to the owner.
 */
export class Said {
  readonly #clocks: SaidClocks
  readonly #where: { readonly path: string; readonly ballast: string }
  #terms: HostTerms | null = null
  #lever: Lever = NO_LEVER
  #taken: Readonly<Record<string, Taken>> = {}

  constructor(where: { readonly path: string; readonly ballast: string }, clocks: SaidClocks) {
    this.#where = where
    this.#clocks = clocks
    const file = parsed(readIfThere(where.path) ?? "")
    const now = clocks.now()
    this.#terms = read(() => readTerms(file.terms)) ?? null
    const written = read(() => readWritten(file.written))
    // While no agent ran.
    const setMs = written?.bootId === clocks.bootId ? clockSetMs(written, now) : 0
    this.#lever = read(() => readKeptLever(leverMoved(readLever(file.lever), setMs), now.wallMs)) ?? NO_LEVER
    this.#taken = read(() => readTaken(file.taken)) ?? {}
  }

  /** `null`: no server has said any. */
  get terms(): HostTerms | null {
    return this.#terms
  }

  get lever(): Lever {
    return this.#lever
  }

  /**
   * Takes what the server says, voice by voice what was said later.
   * @returns whether the server lacks something that was said here
   * @throws the system's error where it cannot be kept; it holds for this agent all the same
   */
  take(terms: HostTerms, lever: Lever): boolean {
    const merged = mergeLevers(this.#lever, lever)
    const isNew = leverKey(merged) !== leverKey(this.#lever) || JSON.stringify(terms) !== JSON.stringify(this.#terms)
    this.#lever = merged
    this.#terms = terms
    if (isNew) this.#write()
    return !knowsAll(lever, merged)
  }

  /** Whether a request of this account was taken before, or is older than one that was: a file can be kept and brought again. */
  isStale(account: number, request: { readonly id: string; readonly at: number }, nowMs: number): boolean {
    const last = this.#taken[account]
    // The clock was set back: what was taken in its future says nothing.
    if (last === undefined || last.at > nowMs + CLOCK_SLACK_MS) return false
    return request.at < last.at || (request.at === last.at && last.ids.includes(request.id))
  }

  /** This host's clock was set by so much. @throws as `take` */
  clockWasSet(byMs: number): void {
    const before = leverKey(this.#lever)
    this.#lever = leverMoved(this.#lever, byMs)
    if (leverKey(this.#lever) !== before) this.#write()
  }

  /** Takes a request's word. @throws as `take` */
  move(lever: Lever, account: number, { id, at }: { readonly id: string; readonly at: number }): void {
    const last = this.#taken[account]
    const ids = last?.at === at ? [...last.ids, id].slice(-MOST_IDS) : [id]
    this.#lever = lever
    this.#taken = { ...this.#taken, [account]: { at, ids } }
    this.#write()
  }

  #write(): void {
    const { path, ballast } = this.#where
    const written: Written = { ...this.#clocks.now(), bootId: this.#clocks.bootId }
    const text = `${JSON.stringify({ terms: this.#terms, lever: this.#lever, taken: this.#taken, written })}\n`
    withBallastSync(ballast, () => writeDurably(path, text))
  }
}

/** How far in the future a request may be dated. */
export const CLOCK_SLACK_MS = 60_000
const MOST_IDS = 50

function parsed(text: string): Readonly<Record<string, unknown>> {
  const value = read<unknown>(() => JSON.parse(text))
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
}

function readWritten(value: unknown): Written {
  const written = value as Written
  const areTimes = [written.wallMs, written.sleepCountingMs].every(isDate)
  if (!areTimes) throw new Error("no times")
  return written
}

function readTaken(value: unknown): Readonly<Record<string, Taken>> {
  const entries = Object.entries(value as Readonly<Record<string, Taken>>)
  return Object.fromEntries(entries.filter(([, { at, ids }]) => Number.isFinite(at) && Array.isArray(ids)))
}

function read<T>(get: () => T): T | undefined {
  try {
    return get()
  } catch {
    return undefined
  }
}
