import type { AttemptId, HostId, JobId } from "../../src/protocol/ids.ts"
import type { UsagePolicy } from "../../src/scheduler/share/usage.ts"
import { UsageBook } from "../../src/server/usage/usage-book.ts"
import { Database } from "../../src/store/database.ts"
import { migrate } from "../../src/store/migrate.ts"
import { type UsageInterval, UsageStore } from "../../src/store/usage.ts"
import { ScratchFolder } from "./scratch-folder.ts"

export const BEGIN_MS = 1_800_000_000_000
export const MINUTE_MS = 60_000
export const RULES: UsagePolicy = { halfLifeS: 86_400, periodMs: 5 * MINUTE_MS, reset: "none", timeZone: "UTC" }

/** An attempt of ann's on one Mac that runs from the beginning on. */
export function interval(change: Partial<UsageInterval>): UsageInterval {
  return {
    attempt: "a-1" as AttemptId,
    job: 1 as JobId,
    user: "ann",
    account: "vision",
    qos: "normal",
    partition: "apple_gpu",
    model: null,
    host: "h1" as HostId,
    hostName: "alpha",
    lease: { cores: 2, gpus: 1, memoryBytes: 4 * 1024 ** 3 },
    units: 2,
    factor: 1,
    owner: null,
    creditAccount: null,
    credit: 0,
    fromMs: BEGIN_MS,
    toMs: null,
    stops: [],
    ...change,
  }
}

/** A database and its book, which a crash may take away at any moment. */
export class UsageScene implements Disposable {
  readonly #folder = new ScratchFolder()
  #database: Database
  store: UsageStore
  book: UsageBook
  nowMs = BEGIN_MS
  rules = RULES

  constructor() {
    this.#database = new Database(this.#folder.at("usage.db"))
    migrate(this.#database)
    this.store = new UsageStore(this.#database)
    this.book = new UsageBook(this.store, this.nowMs)
  }

  /** As a change of the ledger: all of it, or nothing where the server is killed before the end. */
  change(apply: () => void, isKilled = false): void {
    try {
      this.#database.transaction(() => {
        apply()
        if (this.book.isDue(this.nowMs)) this.book.settle(this.nowMs, this.rules)
        if (isKilled) throw new RangeError("killed")
      })
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.reopen()
    }
  }

  put(one: UsageInterval, changedMs = one.fromMs): void {
    this.store.put(one)
    this.book.changedFrom(changedMs)
  }

  reopen(): void {
    this.#database.close()
    this.#database = new Database(this.#folder.at("usage.db"))
    this.store = new UsageStore(this.#database)
    this.book = new UsageBook(this.store, this.nowMs)
  }

  /** What the intervals and the rules alone give. */
  recomputed(): ReadonlyMap<string, number> {
    let sums: ReadonlyMap<string, number> = new Map()
    try {
      this.#database.transaction(() => {
        this.#database.execute("DELETE FROM usage_charges")
        const anew = new UsageBook(this.store, this.nowMs)
        anew.settle(this.nowMs, this.rules)
        sums = anew.sums
        throw new RangeError("only looked at")
      })
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
    return sums
  }

  [Symbol.dispose](): void {
    this.#database.close()
    this.#folder[Symbol.dispose]()
  }
}

export const ANN = { account: "vision", user: "ann", qos: "normal" }

export function sorted(sums: ReadonlyMap<string, number>): [string, number][] {
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1))
}
