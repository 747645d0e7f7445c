import assert from "node:assert/strict"
import { test } from "node:test"
import { MovedClock } from "../../test/support/moved-clock.ts"
import type { EngineProgress } from "../hive/engines/engine-adapter.ts"
import { drained } from "./drain.ts"
import { watchProgress } from "./stall-watch.ts"

const DRAIN_MS = 30_000

/** Lets what waits for promises go on. */
function settle(): Promise<void> {
  return new Promise((settled) => setImmediate(settled))
}

/**
 * Asked to end after some time, and drained then.
 * @param said what the engine says at a time, from its start
 * @param stoppedMs for so long all processes were stopped before they were asked
 * @returns how long it was waited
 */
async function waited(askedMs: number, said: (ms: number) => EngineProgress | null, stoppedMs = 0): Promise<number> {
  const clock = new MovedClock(0)
  const quiet = new AbortController()
  const look = async () => said(clock.monotonicMs())
  const watch = watchProgress(clock, 120_000, look, quiet.signal, () => assert.fail("it was called stuck"))
  const on = async (isDone: () => boolean) => {
    while (!isDone()) {
      clock.advance(100)
      await settle()
    }
  }
  await on(() => clock.monotonicMs() >= askedMs - stoppedMs)
  clock.advance(stoppedMs)
  let isOver = false
  const never = new AbortController().signal
  const { stillMs } = watch
  void drained({ clock, drainMs: DRAIN_MS, look, stillMs, isOver: () => false, hurried: never }).then(() => {
    isOver = true
  })
  await on(() => isOver)
  const ms = clock.monotonicMs() - askedMs
  quiet.abort()
  await watch.over
  return ms
}

const busy = (mark: unknown): EngineProgress => ({ busy: 1, mark: String(mark) })
const nothing: EngineProgress = { busy: 0, mark: "" }

test("a drain waits for what gets on, until it is over or its time is", async () => {
  assert.equal(await waited(60_000, (ms) => (ms < 72_000 ? busy(ms) : nothing)), 12_000)
  const forEver = await waited(60_000, (ms) => busy(ms))
  assert.ok(forEver >= DRAIN_MS && forEver < DRAIN_MS + 200, `${forEver}`)
  // A long batch: no answer meanwhile.
  assert.equal(
    await waited(60_000, (ms) => (ms > 55_000 && ms < 70_000 ? null : ms < 72_000 ? busy(ms) : nothing)),
    12_000,
  )
})

test("an engine at which nothing has got on for as long is not waited for", async () => {
  assert.ok((await waited(90_000, (ms) => (ms < 50_000 ? busy(ms) : null))) < 200)
  assert.ok((await waited(90_000, (ms) => (ms < 50_000 ? busy(ms) : busy("same")))) < 200)
  // For what is left of that, where it has stood still for less.
  const left = await waited(90_000, (ms) => (ms < 80_000 ? busy(ms) : null))
  assert.ok(left >= 15_000 && left < 25_000, `${left}`)
})

test("an engine that was stopped with its member has not stood still", async () => {
  const said = (ms: number) => (ms < 50_000 ? busy(ms) : ms < 100_000 ? busy("same") : nothing)
  assert.equal(await waited(90_000, said, 40_000), 10_000)
})
