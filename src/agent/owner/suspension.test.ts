import assert from "node:assert/strict"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { describe, it } from "node:test"
import fc from "fast-check"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { ranMs } from "../../presence/ran-time.ts"
import { SUSPENDED_FILE, Suspension } from "./suspension.ts"

const WHY = { code: "owner_here", text: "keyboard or mouse in use" }

describe("Suspension", () => {
  it("is the same for the next agent, whatever was done", () => {
    using scratch = new ScratchFolder()
    const where = { folder: scratch.path, ballast: scratch.at("ballast") }
    const steps = fc.array(
      fc.record({ afterMs: fc.integer({ min: 0, max: 10_000 }), kind: fc.constantFrom("stop", "continue", "yield") }),
    )
    fc.assert(
      fc.property(steps, (all) => {
        const one = new Suspension()
        const spans: { fromMs: number; toMs: number | null }[] = []
        let now = 0
        for (const { afterMs, kind } of all) {
          now += afterMs
          const open = spans.at(-1)?.toMs === null
          if (kind === "yield") one.yield(where, !one.yields)
          else if (kind === "stop" && !open) {
            one.stop(where, { uptimeMs: now, at: now, why: WHY }, [{ pid: 7, start: "8" }])
            spans.push({ fromMs: now, toMs: null })
          } else if (kind === "continue" && open) {
            one.continue(where, { uptimeMs: now, at: now })
            spans[spans.length - 1]!.toMs = now
          }
        }
        const next = new Suspension()
        next.recover(scratch.path, { uptimeMs: now, wallMs: now, startedUptimeMs: 0, startedWallMs: 0 })
        if (one.isNoted) assert.deepEqual({ ...next, stopped: next.stopped }, { ...one, stopped: one.stopped })
        assert.equal(one.totalMs(now + 50), now + 50 - ranMs(0, now + 50, spans))
      }),
      { numRuns: 30 },
    )
  })

  it("takes what a job has written there for nothing, unless it is such a note", () => {
    using scratch = new ScratchFolder()
    const read = (text: string) => {
      scratch.write({ [SUSPENDED_FILE]: text })
      const one = new Suspension()
      one.recover(scratch.path, { uptimeMs: 10_000, wallMs: 20_000, startedUptimeMs: 0, startedWallMs: 10_000 })
      return one
    }
    const good = {
      stopped: { uptimeMs: 1, at: 2, why: WHY },
      totalMs: 1,
      continuedAt: null,
      keptStopped: [],
      yields: false,
    }
    assert.equal(read(JSON.stringify(good)).totalMs(11), 11)
    for (const bad of ["", "{", "[]", "null", '"x"', "{}"]) assert.equal(read(bad).isNoted, false)
    for (const change of [
      { totalMs: -1 },
      { totalMs: "3" },
      { stopped: {} },
      { stopped: { ...good.stopped, why: null } },
      { keptStopped: 5 },
      { totalMs: 1e300 },
      { continuedAt: 1e300 },
      { continuedAt: 20_000 + 86_400_001 },
      { stopped: { ...good.stopped, at: 1e300 } },
      { stopped: { ...good.stopped, uptimeMs: 1e300 } },
      { stopped: { ...good.stopped, uptimeMs: 10_000 + 86_400_001 } },
    ]) {
      assert.equal(read(JSON.stringify({ ...good, ...change })).isNoted, false, JSON.stringify(change))
    }
    assert.equal(read(JSON.stringify({ ...good, pad: "x".repeat(1_000_001) })).isNoted, false)
  })

  it("is never longer than the attempt is old, whatever is noted", () => {
    using scratch = new ScratchFolder()
    const time = fc.oneof(fc.nat(50_000), fc.double({ min: 0, noNaN: true }), fc.constant(8.64e15))
    const ran = fc.record({ startedUptimeMs: fc.option(fc.nat(10_000)), startedWallMs: fc.nat(20_000) })
    fc.assert(
      fc.property(time, time, ran, fc.boolean(), (totalMs, upMs, started, isStopped) => {
        const stopped = isStopped ? { uptimeMs: upMs, at: 5, why: WHY } : null
        scratch.write({
          [SUSPENDED_FILE]: JSON.stringify({ stopped, totalMs, continuedAt: null, keptStopped: [], yields: true }),
        })
        const one = new Suspension()
        one.recover(scratch.path, { uptimeMs: 10_000, wallMs: 20_000, ...started })
        const { startedUptimeMs, startedWallMs } = started
        assert.ok(Number.isSafeInteger(Math.round(one.totalMs(10_000))))
        if (startedUptimeMs !== null) assert.ok(one.totalMs(10_000) <= 10_000 - startedUptimeMs)
        else assert.ok(one.earlierMs <= 20_000 - startedWallMs)
      }),
      { numRuns: 100 },
    )
  })

  it("holds for this agent also where it cannot be written down", () => {
    using scratch = new ScratchFolder()
    const one = new Suspension()
    const where = { folder: scratch.at("gone"), ballast: scratch.at("ballast") }
    assert.throws(() => one.stop(where, { uptimeMs: 10, at: 20, why: WHY }, []))
    assert.equal(one.stopped?.uptimeMs, 10)
    mkdirSync(where.folder)
    one.continue(where, { uptimeMs: 15, at: 25 })
    assert.match(readFileSync(scratch.at("gone", SUSPENDED_FILE), "utf8"), /"totalMs":5/)
  })
})

describe("the asides of a suspension", () => {
  it("are kept for the next agent, each with what was measured, and tell apart who went on and who left", () => {
    using scratch = new ScratchFolder()
    const where = { folder: scratch.path, ballast: scratch.at("ballast") }
    const one = new Suspension()
    one.stop(where, { uptimeMs: 10, at: 1_010, why: WHY }, [])
    one.measure(where, 240)
    assert.deepEqual(one.asideNow, { asideAt: 1_010 })
    one.continue(where, { uptimeMs: 30, at: 1_030 })
    // For another job first: nobody at the host waited for that.
    one.stop(where, { uptimeMs: 40, at: 1_040, why: { code: "for_job", text: "for job 7" } }, [], false)
    assert.deepEqual(one.asideNow, {})
    one.stop(where, { uptimeMs: 40, at: 1_040, why: WHY }, [], true, 1_050)
    one.measure(where, 5)
    one.ownerLeft(where, { code: "for_job", text: "for job 7" }, 1_060)
    one.continue(where, { uptimeMs: 70, at: 1_070 })
    one.stop(where, { uptimeMs: 80, at: 1_080, why: WHY }, [])
    one.leave(where, 1_090, { code: "evicted", text: "no room" }, 7)
    // Said twice it is the same; that its processes go on to hear of it is no going on.
    one.leave(where, 1_095, WHY, 9)
    one.continue(where, { uptimeMs: 99, at: 1_099 })
    const next = new Suspension()
    next.recover(scratch.path, { uptimeMs: 99, wallMs: 1_099, startedUptimeMs: 0, startedWallMs: 1_000 })
    assert.deepEqual(
      next.asides.map(({ at, endedAt, reactionMs, continuedMs, vacated }) => [
        at,
        endedAt,
        reactionMs,
        continuedMs,
        vacated,
      ]),
      [
        [1_010, 1_030, 240, 20, false],
        [1_050, 1_060, null, null, false],
        [1_080, 1_090, null, null, true],
      ],
    )
    assert.deepEqual([next.leftFor, next.asides[2]?.left?.reactionMs], [{ code: "evicted", text: "no room" }, 7])
  })

  it("are none where a job wrote something else there, and are the latest only", () => {
    using scratch = new ScratchFolder()
    const where = { folder: scratch.path, ballast: scratch.at("ballast") }
    const one = new Suspension()
    for (let at = 1; at <= 120; at += 2) {
      one.stop(where, { uptimeMs: at, at, why: WHY }, [])
      one.continue(where, { uptimeMs: at + 1, at: at + 1 })
    }
    assert.equal(one.asides.length, 50)
    assert.equal(one.asides.at(-1)?.at, 119)
    const ran = { uptimeMs: 500, wallMs: 500, startedUptimeMs: 0, startedWallMs: 0 }
    const next = new Suspension()
    for (const asides of [
      undefined,
      {},
      [null],
      [{ ...one.asides[0], reactionMs: 0.5 }],
      [...one.asides, one.asides[0]],
    ]) {
      const note = JSON.parse(readFileSync(scratch.at(SUSPENDED_FILE), "utf8"))
      writeFileSync(scratch.at(SUSPENDED_FILE), JSON.stringify({ ...note, asides }))
      next.recover(scratch.path, ran)
      assert.deepEqual([next.asides, next.earlierMs], [[], 60])
    }
  })
})
