import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import type { AttemptId, HostId, JobId } from "../../protocol/ids.ts"
import type { UsagePolicy } from "../../scheduler/share/usage.ts"
import { amountKey, leafText, runsBetween } from "../../scheduler/share/usage-periods.ts"
import { Database } from "../../store/database.ts"
import { migrate } from "../../store/migrate.ts"
import { type UsageInterval, UsageStore } from "../../store/usage.ts"
import { UsageBook } from "./usage-book.ts"

const BEGIN_MS = 1_800_000_000_000
const MINUTE_MS = 60_000
const RULES: UsagePolicy = { halfLifeS: 86_400, periodMs: 5 * MINUTE_MS, reset: "none", timeZone: "UTC" }

function interval(change: Partial<UsageInterval>): UsageInterval {
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
class Scene implements Disposable {
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

const ANN = { account: "vision", user: "ann", qos: "normal" }

function sorted(sums: ReadonlyMap<string, number>): [string, number][] {
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1))
}

test("a period is charged once, with a row that says what it added, and a new process goes on from there", () => {
  using scene = new Scene()
  scene.rules = { ...RULES, halfLifeS: 0 }
  scene.change(() => scene.put(interval({})))
  scene.nowMs += 12 * MINUTE_MS
  scene.change(() => {})
  const units = () => scene.book.sums.get(amountKey(ANN, "units"))
  assert.equal(units(), 2 * 600)
  scene.reopen()
  scene.change(() => {})
  assert.equal(units(), 2 * 600)
  const rows = scene.store.recentCharges()
  assert.deepEqual(
    rows.map(({ leaf, charged, sum }) => [leaf, charged.units, sum.units]),
    [
      [leafText(ANN), 600, 600],
      [leafText(ANN), 600, 1200],
    ],
  )
})

test("an end that is learned late takes back what was charged since", () => {
  using scene = new Scene()
  scene.rules = { ...RULES, halfLifeS: 0 }
  scene.change(() => scene.put(interval({})))
  scene.nowMs += 60 * MINUTE_MS
  scene.change(() => {})
  assert.equal(scene.book.sums.get(amountKey(ANN, "units")), 7200)
  scene.change(() => scene.put(interval({ toMs: BEGIN_MS + 7 * MINUTE_MS }), BEGIN_MS + 7 * MINUTE_MS))
  assert.equal(scene.book.sums.get(amountKey(ANN, "units")), 2 * 420)
  assert.equal(scene.book.throughMs, BEGIN_MS + 60 * MINUTE_MS)
})

test("a clock that was a day ahead for a while leaves nothing behind", () => {
  using scene = new Scene()
  scene.change(() => scene.put(interval({})))
  scene.nowMs += 24 * 60 * MINUTE_MS
  scene.change(() => {})
  assert.ok(scene.book.sums.get(amountKey(ANN, "gpu"))! > 40_000)
  scene.nowMs = BEGIN_MS + 10 * MINUTE_MS
  scene.change(() => {})
  assert.equal(scene.book.throughMs, scene.nowMs)
  const gpu = scene.book.sums.get(amountKey(ANN, "gpu"))!
  assert.ok(gpu > 590 && gpu <= 600, String(gpu))
})

test("owners are credited with a part, what is not charged is in no sum, and all of it fades", () => {
  using scene = new Scene()
  scene.change(() => {
    scene.put(interval({ owner: "bob", creditAccount: "lab", credit: 0.5, toMs: BEGIN_MS + 5 * MINUTE_MS }))
    scene.put(interval({ attempt: "a-2" as AttemptId, user: "bob", factor: 0 }))
  })
  scene.nowMs += 6 * MINUTE_MS
  scene.change(() => {})
  const bob = amountKey({ account: "lab", user: "bob", qos: "" }, "donated")
  assert.deepEqual(
    sorted(scene.book.sums).map(([key]) => key),
    [bob, ...["cpu", "gpu", "memory", "units", "wall"].map((name) => amountKey(ANN, name))],
  )
  const before = scene.book.sums.get(bob)!
  assert.ok(Math.abs(before - scene.book.sums.get(amountKey(ANN, "units"))! / 2) < 1e-9)
  scene.nowMs += 24 * 60 * MINUTE_MS
  scene.change(() => {})
  assert.ok(Math.abs(scene.book.sums.get(bob)! / before - 0.5) < 0.001)
})

test("runs lie between stops, whatever these touch", () => {
  const runs = (toMs: number | null, ...stops: [number, number | null][]) =>
    runsBetween(10, toMs, stops).map((run) => [run.fromMs, run.toMs])
  assert.deepEqual(runs(null), [[10, null]])
  assert.deepEqual(runs(50, [20, 30]), [
    [10, 20],
    [30, 50],
  ])
  assert.deepEqual(runs(50, [10, 60]), [])
  assert.deepEqual(runs(25, [20, null]), [[10, 20]])
  assert.deepEqual(runs(null, [5, 12], [12, 20], [40, null]), [[20, 40]])
})

const moments = fc.integer({ min: -90, max: 90 })
const step = fc.oneof(
  fc.record({ what: fc.constant("begin" as const), user: fc.constantFrom("ann", "bob"), agoMin: fc.nat(20) }),
  fc.record({ what: fc.constant("end" as const), at: fc.nat(9), agoMin: fc.nat(60) }),
  fc.record({ what: fc.constant("stop" as const), at: fc.nat(9), agoMin: fc.nat(10) }),
  fc.record({ what: fc.constant("go" as const), at: fc.nat(9), agoMin: fc.nat(5) }),
  fc.record({ what: fc.constant("wait" as const), minutes: fc.nat(45) }),
  fc.record({ what: fc.constant("wait" as const), minutes: fc.integer({ min: 100, max: 2_000 }) }),
  fc.record({ what: fc.constant("jump" as const), minutes: moments }),
  fc.record({
    what: fc.constant("rules" as const),
    periodMs: fc.constantFrom(5 * MINUTE_MS, 10 * MINUTE_MS, 7 * MINUTE_MS),
    halfLifeS: fc.constantFrom(0, 3600, 86_400),
    reset: fc.constantFrom("none" as const, "daily" as const),
  }),
)
const history = fc.array(fc.record({ step, isKilled: fc.boolean(), isReopened: fc.boolean() }), {
  minLength: 1,
  maxLength: 40,
})

function applyStep(scene: Scene, known: UsageInterval[], what: Parameters<typeof nextOf>[2]): void {
  const next = nextOf(scene, known, what)
  if (next === null) return
  const before = known.find(({ attempt }) => attempt === next.attempt)
  scene.put(next, before === undefined ? next.fromMs : Math.min(next.toMs ?? scene.nowMs, ...lastMoments(before, next)))
}

/** The moments that differ. */
function lastMoments(before: UsageInterval, after: UsageInterval): number[] {
  if (before.toMs !== after.toMs) return [before.toMs ?? Number.POSITIVE_INFINITY]
  return [after.stops.at(-1)?.[1] ?? Number.POSITIVE_INFINITY, after.stops.at(-1)?.[0] ?? Number.POSITIVE_INFINITY]
}

function nextOf(
  scene: Scene,
  known: readonly UsageInterval[],
  what: { what: string; user?: string; at?: number; agoMin?: number },
): UsageInterval | null {
  const atMs = scene.nowMs - (what.agoMin ?? 0) * MINUTE_MS - 1_234
  if (what.what === "begin") {
    const attempt = `a-${String(known.length).padStart(3, "0")}` as AttemptId
    const guest = what.user === "ann" ? { owner: "bob", creditAccount: "lab", credit: 0.3 } : {}
    return interval({ attempt, user: what.user ?? "ann", fromMs: atMs, units: known.length + 0.7, ...guest })
  }
  const one = known[what.at ?? 0]
  if (one === undefined || one.toMs !== null) return null
  const lastStop = one.stops.at(-1)
  const open = lastStop !== undefined && lastStop[1] === null
  const leastMs = Math.max(one.fromMs, ...one.stops.flat().filter((ms) => ms !== null))
  if (what.what === "end") return { ...one, toMs: Math.max(one.fromMs, atMs) }
  if (what.what === "stop" && !open) return { ...one, stops: [...one.stops, [Math.max(leastMs, atMs), null]] }
  if (what.what === "go" && open)
    return { ...one, stops: [...one.stops.slice(0, -1), [lastStop[0], Math.max(lastStop[0], atMs)]] }
  return null
}

test("whatever happened, was learned late or was cut off by crashes: the sums are those of the recorded intervals", () => {
  fc.assert(
    fc.property(history, (steps) => {
      using scene = new Scene()
      let known: UsageInterval[] = []
      for (const { step: what, isKilled, isReopened } of steps) {
        if (what.what === "wait" || what.what === "jump") scene.nowMs += what.minutes * MINUTE_MS + 777
        if (what.what === "rules") {
          const { periodMs, halfLifeS, reset } = what
          scene.rules = { periodMs, halfLifeS, reset, timeZone: "Europe/Berlin" }
        }
        scene.change(() => applyStep(scene, known, what), isKilled)
        known = scene.store.page(Number.MIN_SAFE_INTEGER, "", 1_000)
        if (isReopened) scene.reopen()
      }
      scene.change(() => {})
      assert.deepEqual(sorted(scene.book.sums), sorted(scene.recomputed()))
    }),
    { numRuns: 150 },
  )
})

test("without fading, each second that ran until the last whole period is charged once", () => {
  fc.assert(
    fc.property(
      history.map((steps) => steps.filter(({ step: { what } }) => what !== "rules")),
      (steps) => {
        using scene = new Scene()
        scene.rules = { ...RULES, halfLifeS: 0 }
        let known: UsageInterval[] = []
        for (const { step: what, isKilled } of steps) {
          if (what.what === "wait" || what.what === "jump") scene.nowMs += what.minutes * MINUTE_MS + 777
          scene.change(() => applyStep(scene, known, what), isKilled)
          known = scene.store.page(Number.MIN_SAFE_INTEGER, "", 1_000)
        }
        scene.change(() => {})
        const untilMs = scene.book.throughMs
        const ran = known.reduce(
          (sum, { fromMs, toMs, stops }) =>
            sum +
            runsBetween(fromMs, toMs, stops).reduce(
              (ms, run) => ms + Math.max(0, Math.min(run.toMs ?? untilMs, untilMs) - run.fromMs),
              0,
            ),
          0,
        )
        const wall = [...scene.book.sums].reduce((sum, [key, amount]) => sum + (key.endsWith("wall") ? amount : 0), 0)
        assert.ok(Math.abs(wall - ran / 1000) < 1e-6, `${wall} s charged, ${ran / 1000} s ran`)
      },
    ),
    { numRuns: 100 },
  )
})
