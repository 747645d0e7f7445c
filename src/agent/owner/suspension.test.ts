import assert from "node:assert/strict"
import { mkdirSync, readFileSync } from "node:fs"
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
