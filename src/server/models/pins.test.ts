import assert from "node:assert/strict"
import { test } from "node:test"
import { ModelScene } from "../../../test/support/model-scene.ts"

async function refused(asked: Promise<unknown>, message: RegExp, hint: RegExp): Promise<void> {
  await assert.rejects(asked, (error: { code: string; message: string; hint?: string }) => {
    assert.equal(error.code, "invalid_input", error.message)
    assert.match(error.message, message)
    assert.match(error.hint ?? "", hint)
    return true
  })
}

test("a host that is named twice is one host, and more replicas than the hosts they may run on are refused", async () => {
  await using scene = await ModelScene.start()
  for (const host of ["alpha", "beta"]) await scene.join(host)
  await scene.store("tiny")
  const twice = ["alpha", "alpha"]
  await refused(scene.serve("tiny", { pins: twice, replicas: 2 }), /only host .* alpha/, /--replicas 1/)
  assert.deepEqual((await scene.serve("tiny", { pins: twice })).options.pins, ["alpha"])
  await refused(scene.serve("tiny", { replicas: 2 }), /2 replicas need as many hosts/, /--pin/)
  assert.equal((await scene.serve("tiny", { pins: ["alpha", "beta"], replicas: 2 })).options.replicas, 2)
  assert.deepEqual((await scene.serve("tiny", { pins: null })).options.pins, ["alpha", "beta"])
  assert.deepEqual((await scene.serve("tiny", { pins: [] })).options.pins, [])
})

test("where it may run is changed: only what runs on a host that is no longer among these begins anew", async () => {
  await using scene = await ModelScene.start()
  for (const host of ["alpha", "beta", "gamma"]) await scene.join(host)
  await scene.store("tiny")
  const jobsNow = async () => {
    const { replicas } = await scene.untilState("tiny", "ready")
    return new Map(replicas.map(({ job, plan }) => [plan?.members[0]?.hostName, job]))
  }
  const pinned = async (pins: readonly string[]) => {
    const { replicas } = await scene.serve("tiny", { data: null, file: null, pins })
    return replicas.filter(({ isFormer }) => isFormer === true).map(({ plan }) => plan?.members[0]?.hostName)
  }
  await scene.serve("tiny", { replicas: 2, pins: ["alpha", "beta"] })
  const first = await jobsNow()
  assert.deepEqual([...first.keys()].sort(), ["alpha", "beta"])
  for (const pins of [["alpha", "beta", "gamma"], [], ["beta", "alpha"]]) {
    assert.deepEqual(await pinned(pins), [])
    assert.deepEqual(await jobsNow(), first)
  }
  assert.deepEqual(await pinned(["alpha", "gamma"]), ["beta"])
  await scene.until("tiny", ({ state }) => state === "ready" && scene.hives.length === 3)
  const last = await jobsNow()
  assert.deepEqual([...last.keys()].sort(), ["alpha", "gamma"])
  assert.equal(last.get("alpha"), first.get("alpha"))
  // What else is changed is for all.
  await scene.serve("tiny", { data: null, file: null, slots: 2, pins: [] })
  await scene.until("tiny", ({ state }) => state === "ready" && scene.hives.length === 5)
})
