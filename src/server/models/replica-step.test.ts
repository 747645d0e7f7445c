import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import type { JobId } from "../../protocol/ids.ts"
import { isFinal, JOB_STATES } from "../../protocol/job-state.ts"
import { REPLICA_STATES } from "../../protocol/model-api.ts"
import { type HiveLook, type ReplicaScene, stepOf } from "./replica-step.ts"

const loss = fc.record({ reason: fc.constant("lost"), mayGoBetter: fc.boolean(), host: fc.constantFrom(null, "h1") })
const hive: fc.Arbitrary<HiveLook> = fc.record({
  state: fc.constantFrom(...JOB_STATES),
  reason: fc.constantFrom(null, "why"),
  wasTried: fc.boolean(),
  stoppedBy: fc.constantFrom(null, "windfall", "ada"),
  away: fc.constantFrom(null, "out of contact"),
  isGone: fc.boolean(),
  step: fc.constantFrom(null, "loading"),
  building: fc.constantFrom(null, "building"),
  isReady: fc.boolean(),
  lost: fc.option(loss),
  isHeardOut: fc.boolean(),
  silentLoss: fc.option(loss),
  slow: fc.constantFrom(null, "link slow"),
  isOverdue: fc.boolean(),
})
const scene: fc.Arbitrary<ReplicaScene> = fc
  .record({
    now: fc.constant(1_000),
    state: fc.constantFrom(...REPLICA_STATES),
    notBefore: fc.constantFrom(null, 500, 2_000),
    isWanted: fc.boolean(),
    hive: fc.option(hive),
    probe: fc.constantFrom("unknown" as const, "good" as const, "bad" as const),
    inFlight: fc.nat(2),
    drainUntil: fc.constantFrom(null, 500, 2_000),
    isToMove: fc.boolean(),
    gone: fc.option(fc.constant("a host was removed")),
    awaited: fc.option(fc.constant("a host (jobs have it)")),
    barred: fc.option(fc.constant("not trusted")),
    failing: fc.option(loss),
  })
  .map(({ state, notBefore, ...rest }) => ({
    ...rest,
    record: {
      model: "tiny",
      number: 1,
      state,
      generation: 1,
      job: rest.hive === null ? null : (7 as JobId),
      losses: 0,
      notBefore,
      readySince: null,
      reason: null,
      plan: null,
      sealedKey: null,
    },
  }))

test("a replica that is noted as it stands comes to rest: the same is not noted again", () => {
  fc.assert(
    fc.property(scene, (before) => {
      const step = stepOf(before)
      if (step.do !== "note") return
      const record = { ...before.record, state: step.state, reason: step.reason }
      assert.notDeepEqual(stepOf({ ...before, record }), step)
    }),
  )
})

test("it answers only with a running hive that is there, says that it is ready, and gave a token; nothing is sent beside a hive", () => {
  fc.assert(
    fc.property(scene, (one) => {
      const step = stepOf(one)
      if (step.do === "note" && step.state === "ready") {
        assert.ok(one.isWanted && one.probe === "good" && one.hive?.state === "running")
        assert.ok(one.hive.isReady && one.hive.away === null && one.hive.lost === null)
      }
      if (step.do === "begin") assert.ok(one.hive === null && one.isWanted && one.record.state !== "degraded")
    }),
  )
})

test("what is in flight may finish before a hive is asked to end, once, and its place is free only when its processes are gone", () => {
  fc.assert(
    fc.property(scene, (one) => {
      const step = stepOf(one)
      const { hive: look, inFlight, drainUntil, now } = one
      if (step.do === "end") {
        assert.ok(look !== null && look.stoppedBy === null && !isFinal(look.state))
        assert.ok(inFlight === 0 || (drainUntil !== null && drainUntil <= now))
      }
      if (step.do === "gone" || step.do === "lost" || step.do === "halt") {
        assert.ok(look !== null && isFinal(look.state) && look.isGone)
      }
      if (look !== null && !isFinal(look.state) && !one.isWanted && one.record.state !== "ending") {
        assert.equal(step.do, "drain")
      }
    }),
  )
})

test("a hive that somebody else ended means that the model is not wanted; one that failed is a loss", () => {
  const record = { model: "tiny", number: 1, state: "ready", generation: 1, job: 7 as JobId } as const
  const rest = { losses: 0, notBefore: null, readySince: 5, reason: null, plan: null, sealedKey: null }
  const ended: HiveLook = {
    state: "cancelled",
    reason: "stopped by ada",
    wasTried: true,
    stoppedBy: "ada",
    away: null,
    isGone: true,
    step: null,
    building: null,
    isReady: true,
    lost: null,
    isHeardOut: true,
    silentLoss: null,
    slow: null,
    isOverdue: false,
  }
  const of = (look: HiveLook) =>
    stepOf({
      now: 10,
      record: { ...record, ...rest },
      isWanted: true,
      hive: look,
      probe: "good",
      inFlight: 1,
      drainUntil: null,
      isToMove: false,
      gone: null,
      awaited: null,
      barred: null,
      failing: null,
    })
  assert.deepEqual(of(ended), { do: "halt", by: "ada" })
  assert.equal(of({ ...ended, state: "failed", stoppedBy: null, isHeardOut: false }).do, "note")
  const failed = of({ ...ended, state: "failed", reason: "exit code 75", stoppedBy: null })
  assert.deepEqual(failed, { do: "lost", loss: { reason: "exit code 75", mayGoBetter: true, host: null } })
})
