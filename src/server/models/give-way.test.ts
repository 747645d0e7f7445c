import assert from "node:assert/strict"
import { test } from "node:test"
import { ModelScene } from "../../../test/support/model-scene.ts"
import { MovedClock } from "../../../test/support/moved-clock.ts"
import { whoGivesWay } from "./give-way.ts"

const LIMITS = { restMs: 20, drainMs: 5_000, planAgainMs: 20, giveWayMs: 200 }

/** One Mac, and models that it could hold one of. */
async function sceneOf(names: readonly string[], clock?: MovedClock): Promise<ModelScene> {
  const scene = await ModelScene.start({ modelLimits: LIMITS, ...(clock === undefined ? {} : { clock }) })
  await scene.join("studio")
  for (const name of names) await scene.store(name)
  return scene
}

const IN_ITS_WAY = "it fits nowhere (studio: one is served there)"

/**
 * Long after it would have given way the first model answers still. Why another one has no place is said after it was looked who gives way
 * to it: so that has been decided by then.
 */
async function staysThough(scene: ModelScene, clock: MovedClock, wanted: string): Promise<void> {
  clock.advance(3 * LIMITS.giveWayMs)
  await scene.serve(wanted)
  const { replicas } = await scene.until(wanted, ({ replicas: [own] }) => own?.reason != null)
  assert.equal(replicas[0]?.reason, IN_ITS_WAY)
  assert.equal((await scene.model("one")).state, "ready")
}

const GAVE_WAY = /^it gave way to two, as nobody had used it for .+; it starts with the next request$/

test("two models share one Mac: the unused one gives way to the one that is wanted, and comes back when it is asked", async () => {
  await using scene = await sceneOf(["one", "two"])
  await scene.serve("one")
  await scene.untilState("one", "ready")
  await scene.serve("two")
  const [first] = await Promise.all([scene.untilState("one", "idle"), scene.untilState("two", "ready")])
  assert.match(first.reason ?? "", GAVE_WAY)
  const { events } = await scene.server.call<{ events: { what?: string; name?: string }[] }>("GET", "/v1/events")
  assert.ok(events.some(({ name, what }) => name === "one" && /^stops: it gave way to two/.test(what ?? "")))
  assert.equal((await scene.chat("one")).status, 200)
  assert.match((await scene.untilState("two", "idle")).reason ?? "", /^it gave way to one,/)
  assert.equal((await scene.chat("two")).status, 200)
  assert.equal(scene.hives.length, 4)
})

test("a model that is meant to stay gives way to none, and the other one says what is in its way", async () => {
  const clock = new MovedClock()
  await using scene = await sceneOf(["one", "two", "three"], clock)
  await scene.serve("one", { idleStopMs: 0 })
  await scene.untilState("one", "ready")
  await scene.serve("two")
  await scene.until("two", ({ replicas: [own] }) => own?.reason === IN_ITS_WAY)
  await staysThough(scene, clock, "three")
  assert.equal((await scene.model("one")).state, "ready")
  assert.equal(scene.hives.length, 1)
})

test("a model in use gives way to none before its answer is complete", async () => {
  const clock = new MovedClock()
  await using scene = await sceneOf(["one", "two"], clock)
  await scene.serve("one")
  await scene.untilState("one", "ready")
  const held = Promise.withResolvers<void>()
  const { script } = scene.engine
  scene.engine.script = async (asked) => {
    await held.promise
    await script(asked)
  }
  const answer = scene.chat("one")
  await scene.until("one", ({ replicas: [own] }) => own?.inFlight === 1)
  await staysThough(scene, clock, "two")
  held.resolve()
  assert.equal((await answer).status, 200)
  await scene.until("two", ({ state }) => {
    clock.advance(LIMITS.giveWayMs)
    return state === "ready"
  })
})

test("one alone gives way where that is enough, the longest unused; else just those that are in the way", () => {
  const hosts: Record<string, ReadonlySet<string>> = {
    old: new Set(["a"]),
    mid: new Set(["b"]),
    new: new Set(["c"]),
  }
  const hostsOf = (name: string) => hosts[name]!
  const fits = (...needed: readonly string[]) => {
    return (names: ReadonlySet<string>) => {
      const free = new Set([...names].flatMap((name) => [...hostsOf(name)]))
      return needed.every((host) => free.has(host)) ? new Set(needed) : null
    }
  }
  const all = ["old", "mid", "new"]
  assert.deepEqual(
    whoGivesWay(all, (names) => hostsOf([...names][0]!), hostsOf),
    ["old"],
  )
  assert.deepEqual(whoGivesWay(all, fits("c"), hostsOf), ["new"])
  assert.deepEqual(whoGivesWay(all, fits("a", "c"), hostsOf), ["old", "new"])
  assert.deepEqual(whoGivesWay(all, fits("d"), hostsOf), [])
  assert.deepEqual(whoGivesWay([], fits("a"), hostsOf), [])
})
