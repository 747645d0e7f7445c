import assert from "node:assert/strict"
import { test } from "node:test"
import { ModelScene } from "../../../test/support/model-scene.ts"
import { whoGivesWay } from "./give-way.ts"

const LIMITS = { restMs: 20, drainMs: 5_000, planAgainMs: 20, giveWayMs: 200 }

/** One Mac, and models that it could hold one of. */
async function sceneOf(...names: readonly string[]): Promise<ModelScene> {
  const scene = await ModelScene.start({ modelLimits: LIMITS })
  await scene.join("studio")
  for (const name of names) await scene.store(name)
  return scene
}

const GAVE_WAY = /^it gave way to two, as nobody had used it for .+; it starts with the next request$/

test("two models share one Mac: the unused one gives way to the one that is wanted, and comes back when it is asked", async () => {
  await using scene = await sceneOf("one", "two")
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
  await using scene = await sceneOf("one", "two", "three")
  await scene.serve("one", { idleStopMs: 0 })
  await scene.untilState("one", "ready")
  await scene.serve("two")
  await scene.until("two", ({ replicas: [own] }) => own?.reason === "it fits nowhere (studio: one is served there)")
  // Long after it would have given way.
  const until = Date.now() + 3 * LIMITS.giveWayMs
  await scene.until("one", () => Date.now() > until)
  assert.equal((await scene.model("one")).state, "ready")
  assert.equal(scene.hives.length, 1)
})

test("a model in use gives way to none before its answer is complete", async () => {
  await using scene = await sceneOf("one", "two")
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
  await scene.serve("two")
  const until = Date.now() + 3 * LIMITS.giveWayMs
  await scene.until("one", () => Date.now() > until)
  assert.equal((await scene.model("one")).state, "ready")
  held.resolve()
  assert.equal((await answer).status, 200)
  await scene.untilState("two", "ready")
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
