import assert from "node:assert/strict"
import { test } from "node:test"
import { headerOf, smallModel } from "../../../test/support/hive-models.ts"
import { ModelScene } from "../../../test/support/model-scene.ts"

/** One Mac, which serves a model. */
async function tinyOnAlpha(): Promise<ModelScene> {
  const scene = await ModelScene.start()
  await scene.join("alpha")
  await scene.store("tiny")
  await scene.serve("tiny")
  await scene.untilState("tiny", "ready")
  return scene
}
const plan = (scene: ModelScene, ...args: string[]) => scene.server.windfall(["model", "plan", ...args])

test("a Mac that serves a model is left out of the plan for another, with --free, too, and who is in the way is said", async () => {
  await using scene = await tinyOnAlpha()
  scene.server.folder.write({ "small.gguf": headerOf(smallModel()).header })
  for (const options of [[], ["--free"]]) {
    const full = await plan(scene, "--json", ...options, "small.gguf")
    assert.equal(full.exitCode, 1, full.stderr)
    const { fits, hosts, remedies } = JSON.parse(full.stdout)
    assert.deepEqual([fits, hosts], [false, [{ host: "alpha", code: "excluded", text: "tiny is served there" }]])
    assert.match(remedies[0], /^Without tiny, which is served there, it fits on one Mac: windfall model stop tiny\./)
  }
  await scene.join("beta")
  const free = await plan(scene, "small.gguf")
  assert.equal(free.exitCode, 0, free.stderr)
  assert.match(free.stdout, /^fits +yes, on one Mac$/m)
  assert.match(free.stdout, /^beta /m)
  assert.match(free.stdout, /^ {2}alpha +tiny is served there$/m)
  // What is planned is where it goes.
  await scene.store("small")
  await scene.serve("small")
  const { replicas } = await scene.untilState("small", "ready")
  assert.deepEqual(
    replicas[0]?.plan?.members.map(({ hostName }) => hostName),
    ["beta"],
  )
})

test("what is served itself is not in its own way: it is planned as if it were not, which is said", async () => {
  await using scene = await tinyOnAlpha()
  scene.server.folder.write({ "tiny.gguf": headerOf(smallModel()).header })
  for (const options of [[], ["--free"]]) {
    const { exitCode, stdout, stderr } = await plan(scene, "--json", ...options, "tiny.gguf")
    assert.equal(exitCode, 0, stderr)
    const { advice, replicas } = JSON.parse(stdout)
    assert.equal(advice[0], "It is served now, as tiny, on alpha: this is planned as if it were not")
    assert.deepEqual(
      replicas[0].members.map(({ host }: { host: string }) => host),
      ["alpha"],
    )
  }
  // Larger than what is served under its name: another one.
  scene.server.folder.write({ "tiny.gguf": headerOf(smallModel(64)).header })
  const { exitCode, stdout } = await plan(scene, "--json", "tiny.gguf")
  assert.equal(exitCode, 1)
  assert.equal(JSON.parse(stdout).hosts[0].text, "tiny is served there")
})
