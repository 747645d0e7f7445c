import assert from "node:assert/strict"
import { test } from "node:test"
import { ModelScene, ready } from "../../../test/support/model-scene.ts"

const serveAgain = (scene: ModelScene, ...args: string[]) => scene.server.windfall(["model", "serve", "tiny", ...args])

test("a model that answers and is served otherwise is waited for as it is to be: what runs of the former does not count", async () => {
  await using scene = await ModelScene.start()
  await scene.join("alpha")
  await scene.store("tiny")
  await scene.serve("tiny")
  const { replicas } = await scene.untilState("tiny", "ready")
  const same = await serveAgain(scene)
  assert.equal(same.exitCode, 0, same.stderr)
  assert.match(same.stderr, /^windfall: tiny answers at /)
  assert.equal((await scene.model("tiny")).replicas[0]?.job, replicas[0]?.job)

  scene.play = (hive) => scene.say(hive, ready())
  const other = await serveAgain(scene, "--slots", "2", "--json")
  assert.equal(other.exitCode, 0, other.stderr)
  const [now] = JSON.parse(other.stdout).replicas
  assert.deepEqual([now.state, now.isFormer, now.job === replicas[0]?.job], ["ready", undefined, false])
  assert.match(other.stderr, /^windfall: tiny: (?:ready|ending) as it was served before on alpha$/m)

  scene.play = (hive) => scene.lose(hive, "model_refused", "it takes no such context")
  const lost = await serveAgain(scene, "--slots", "3")
  assert.equal(lost.exitCode, 1, lost.stderr)
  assert.doesNotMatch(lost.stderr, /answers at/)
  assert.match(lost.stderr, /tiny is degraded: it takes no such context/)
})
