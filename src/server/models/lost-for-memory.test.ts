import assert from "node:assert/strict"
import { test } from "node:test"
import { ModelScene } from "../../../test/support/model-scene.ts"

test("a request of which an engine died for want of memory goes to no other replica: its host says so a moment later", async () => {
  await using scene = await ModelScene.start()
  for (const name of ["studio", "other"]) await scene.join(name)
  await scene.store("tiny")
  await scene.serve("tiny", { replicas: 2 })
  await scene.untilState("tiny", "ready")
  const script = scene.engine.script
  let asked = 0
  scene.engine.script = ({ response }) => {
    asked++
    response.destroy()
    // Whichever it was: the job of one that lives says nothing.
    for (const { host, attempt } of scene.hives)
      host.finish(attempt, { cause: "out_of_memory", message: "it held 9 GB" })
  }
  const refused = await scene.chat("tiny")
  assert.deepEqual([refused.status, asked], [503, 1])
  const { error } = (await refused.json()) as { error: { message: string } }
  assert.match(error.message, /^The answer of tiny was lost: out of memory on (studio|other): it held 9 GB\. It is not/)
  scene.engine.script = script
})

test("one that ended for another reason is no hindrance", async () => {
  await using scene = await ModelScene.start()
  for (const name of ["studio", "other"]) await scene.join(name)
  await scene.store("tiny")
  await scene.serve("tiny", { replicas: 2 })
  await scene.untilState("tiny", "ready")
  const { script } = scene.engine
  scene.engine.script = ({ response }) => {
    scene.engine.script = script
    response.destroy()
    for (const hive of scene.hives)
      scene.say(hive, { hive: "lost", rank: 0, member: 0, code: "engine_ended", reason: "it crashed" })
  }
  assert.equal((await scene.chat("tiny")).status, 200)
})
