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
