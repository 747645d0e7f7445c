import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { MovedClock } from "../../test/support/moved-clock.ts"
import { watchProgress } from "./stall-watch.ts"
import { ticks } from "./ticks.ts"

/** Lets what waits for promises go on. */
function settle(): Promise<void> {
  return new Promise((settled) => setImmediate(settled))
}

describe("looks at others", () => {
  it("know that this process did not run", async () => {
    const clock = new MovedClock()
    const over = new AbortController()
    const late: boolean[] = []
    const done = ticks(clock, 1_000, 5_000, over.signal, (isLate) => void late.push(isLate))
    for (const ms of [1_000, 5_000, 60_000, 1_000]) {
      clock.advance(ms)
      await settle()
    }
    over.abort()
    await done
    assert.deepEqual(late, [false, false, true, false])
  })
})

describe("requests that do not get on", () => {
  /** Looks at what is said of each second. @returns after how long it was called stuck */
  async function stuckAfter(said: readonly ({ busy: number; mark: string } | null)[]): Promise<number | null> {
    const clock = new MovedClock()
    const over = new AbortController()
    let found: number | null = null
    let at = 0
    const look = async () => said[at++] ?? null
    const watch = watchProgress(clock, 4_000, look, over.signal, (ms) => {
      found = ms
    })
    for (const _ of said) {
      clock.advance(1_000)
      await settle()
    }
    over.abort()
    await watch.over
    return found
  }
  const busy = (mark: string) => ({ busy: 1, mark })

  it("are told from those that do, from none, and from a long batch", async () => {
    const same = Array.from({ length: 8 }, () => busy("1"))
    assert.equal(await stuckAfter(same), 5_000)
    assert.equal(await stuckAfter(same.map((_, at) => busy(String(at)))), null)
    assert.equal(await stuckAfter(same.map(() => ({ busy: 0, mark: "" }))), null)
    assert.equal(await stuckAfter([busy("1"), null, null, busy("2"), null, null, busy("3"), null]), null)
    assert.equal(await stuckAfter([busy("1"), null, null, null, null, null, null]), 5_000)
  })
})
