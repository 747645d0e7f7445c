import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { interval, MINUTE_MS, RULES, sorted, UsageScene } from "../../../test/support/usage-scene.ts"
import type { AttemptId } from "../../protocol/ids.ts"
import { runsBetween } from "../../scheduler/share/usage-periods.ts"
import type { UsageInterval } from "../../store/usage.ts"
import { recomputeUsage } from "./recompute.ts"

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

function applyStep(scene: UsageScene, known: UsageInterval[], what: Parameters<typeof nextOf>[2]): void {
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
  scene: UsageScene,
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

test("whatever happened, was learned late or was cut off by crashes: the sums are those of the recorded intervals", async () => {
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      using scene = new UsageScene()
      let known: UsageInterval[] = []
      for (const { step: what, isKilled, isReopened } of steps) {
        if (what.what === "wait" || what.what === "jump") scene.nowMs += what.minutes * MINUTE_MS + 777
        if (what.what === "rules") {
          const { periodMs, halfLifeS, reset } = what
          scene.rules = { periodMs, halfLifeS, reset, timeZone: "Europe/Berlin" }
        }
        scene.change(() => {
          if (what.what === "rules") scene.book.policyChanged()
          applyStep(scene, known, what)
        }, isKilled)
        known = scene.store.page(Number.MIN_SAFE_INTEGER, "", 1_000)
        if (isReopened) scene.reopen()
      }
      scene.change(() => {})
      assert.deepEqual(sorted(scene.book.sums), sorted(scene.recomputed()))
      // The same as an administrator has it reckoned.
      const recorded = { usage: scene.book, store: { usage: scene.store } }
      const { settled, differences } = await recomputeUsage(recorded, new AbortController().signal)
      assert.deepEqual([settled, differences], [true, []])
    }),
    { numRuns: 60 },
  )
})

test("without fading, each second that ran until the last whole period is charged once", () => {
  fc.assert(
    fc.property(
      history.map((steps) => steps.filter(({ step: { what } }) => what !== "rules")),
      (steps) => {
        using scene = new UsageScene()
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
    { numRuns: 60 },
  )
})
